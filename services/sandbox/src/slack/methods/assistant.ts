import { z } from "zod";
import { json, names } from "../arguments.ts";
import { defineMethod } from "../method.ts";
import { mustBeThread } from "./chat.ts";

/** Slack takes the line away by itself when the app stays silent this long. */
const STATUS_TEXT_MS = 120_000;

const thread = { channel_id: z.string(), thread_ts: z.string() };

const setStatus = defineMethod({
  name: "assistant.threads.setStatus",
  limit: "tier-4",
  args: z.object({
    ...thread,
    status: z.string(),
    loading_messages: names().pipe(z.array(z.string()).max(10)).optional(),
  }),
  run(args, services) {
    const { workspace, agenda } = services;
    const channel = workspace.conversationOfBot(args.channel_id).id;
    mustBeThread(channel, args.thread_ts, services);
    const until = workspace.now() + STATUS_TEXT_MS;
    workspace.changeSession(channel, args.thread_ts, {
      statusText: args.status,
      loadingMessages: args.status === "" ? [] : (args.loading_messages ?? []),
      statusTextUntil: until,
    });
    agenda.after(STATUS_TEXT_MS, () => {
      const session = workspace.session(channel, args.thread_ts);
      if (session?.statusTextUntil !== until || session.statusText === "") return;
      workspace.changeSession(channel, args.thread_ts, { statusText: "", loadingMessages: [] });
    });
    return {};
  },
});

const setTitle = defineMethod({
  name: "assistant.threads.setTitle",
  limit: "tier-4",
  args: z.object({ ...thread, title: z.string().min(1) }),
  run(args, services) {
    const channel = services.workspace.conversationOfBot(args.channel_id).id;
    mustBeThread(channel, args.thread_ts, services);
    services.workspace.changeSession(channel, args.thread_ts, { title: args.title });
    return {};
  },
});

const setSuggestedPrompts = defineMethod({
  name: "assistant.threads.setSuggestedPrompts",
  limit: "tier-4",
  args: z.object({
    channel_id: z.string(),
    thread_ts: z.string().optional(),
    title: z.string().optional(),
    prompts: json(
      z
        .array(z.object({ title: z.string(), message: z.string() }))
        .min(1)
        .max(4),
    ),
  }),
  run(args, { workspace }) {
    workspace.conversationOfBot(args.channel_id);
    return {};
  },
});

export const assistantMethods = [setStatus, setTitle, setSuggestedPrompts];
