import { z } from "zod";
import { titleChanged } from "../events.ts";
import { type Answer, defineMethod } from "../method.ts";
import type { SlackServices } from "../services.ts";
import { SlackFailure } from "../slack-failure.ts";
import { mustBeThread } from "./chat.ts";

export const Status = z.enum(["active", "processing", "suspended", "closed"]);

const setStatus = defineMethod({
  name: "agents.sessions.setStatus",
  limit: "tier-3",
  args: z.object({
    channel_id: z.string(),
    status: Status,
    thread_ts: z.string(),
    title: z.string().min(1).max(200).optional(),
    initiator_user_id: z.string().optional(),
  }),
  run(args, services): Answer {
    const { workspace } = services;
    const conversation = workspace.conversationOfBot(args.channel_id);
    const { threadTs, ts } = mustBeThread(conversation.id, args.thread_ts, services);
    if (args.initiator_user_id !== undefined && !conversation.members.includes(args.initiator_user_id)) {
      throw new SlackFailure("user_not_in_channel");
    }
    const root = threadTs ?? ts;
    const isNew = (workspace.session(conversation.id, root)?.status ?? null) === null;
    // Title and initiator count for a new session only; later ones are ignored, as Slack documents.
    if (isNew) {
      workspace.changeSession(conversation.id, root, {
        title: args.title ?? null,
        initiator: args.initiator_user_id ?? null,
      });
    }
    const session = setSessionStatus({ channel: conversation.id, threadTs: root, status: args.status }, services);
    const canBeStopped = services.dispatch.isSubscribed("agent_session_stopped");
    return {
      status: session.status,
      title: session.title ?? "",
      ...(canBeStopped ? {} : { warning: "missing_agent_session_stopped_event_subscription" }),
    };
  },
});

const rename = defineMethod({
  name: "agents.sessions.rename",
  limit: "tier-3",
  args: z.object({ channel_id: z.string(), title: z.string().min(1).max(200), thread_ts: z.string() }),
  run({ channel_id, title, thread_ts }, services) {
    const { workspace, dispatch } = services;
    const channel = workspace.conversationOfBot(channel_id).id;
    const session = workspace.session(channel, thread_ts);
    if (session === undefined || session.status === null) throw new SlackFailure("session_not_found");
    const previous = session.title;
    const renamed = workspace.changeSession(channel, thread_ts, { title });
    dispatch.tell(titleChanged(renamed, previous, workspace.state.bot.userId, workspace));
    return { title };
  },
});

export function setSessionStatus(
  { channel, threadTs, status }: { channel: string; threadTs: string; status: z.infer<typeof Status> },
  { workspace }: SlackServices,
) {
  return workspace.changeSession(channel, threadTs, { status });
}

export const agentMethods = [setStatus, rename];
