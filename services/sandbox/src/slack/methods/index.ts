import type { SlackMethod } from "../method.ts";
import { agentMethods } from "./agents.ts";
import { assistantMethods } from "./assistant.ts";
import { authMethods } from "./auth.ts";
import { chatMethods } from "./chat.ts";
import { chatStreamMethods } from "./chat-stream.ts";
import { conversationMethods } from "./conversations.ts";
import { fileMethods } from "./files.ts";
import { reactionMethods } from "./reactions.ts";
import { userMethods } from "./users.ts";
import { viewMethods } from "./views.ts";

/** Every Web API method there is, by name. */
export const METHODS: ReadonlyMap<string, SlackMethod> = new Map(
  [
    ...authMethods,
    ...chatMethods,
    ...chatStreamMethods,
    ...conversationMethods,
    ...userMethods,
    ...reactionMethods,
    ...viewMethods,
    ...fileMethods,
    ...assistantMethods,
    ...agentMethods,
  ].map((method) => [method.name, method]),
);
