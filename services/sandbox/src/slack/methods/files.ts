import { z } from "zod";
import { Blocks, integer, json } from "../arguments.ts";
import { messagePosted } from "../events.ts";
import { defineMethod } from "../method.ts";
import type { StoredFile } from "../model.ts";
import type { SlackServices } from "../services.ts";
import { SlackFailure } from "../slack-failure.ts";
import { validateBlocks } from "../validate-blocks.ts";
import { wireFile } from "../wire-message.ts";
import { mustBeThread } from "./chat.ts";

const getUploadUrl = defineMethod({
  name: "files.getUploadURLExternal",
  limit: "tier-4",
  args: z.object({ filename: z.string().min(1), length: integer().pipe(z.number().min(1)) }),
  run({ filename, length }, { files, addresses }) {
    const { id } = files.reserve({ name: filename, length });
    return { upload_url: `${addresses.servicesUrl()}/slack/upload/${id}`, file_id: id };
  },
});

const completeUpload = defineMethod({
  name: "files.completeUploadExternal",
  limit: "tier-4",
  args: z.object({
    files: json(z.array(z.object({ id: z.string(), title: z.string().optional() })).min(1)),
    channel_id: z.string().optional(),
    channels: z.string().optional(),
    thread_ts: z.string().optional(),
    initial_comment: z.string().optional(),
    blocks: Blocks.optional(),
  }),
  run(args, services) {
    const { workspace } = services;
    const names = [args.channel_id, ...(args.channels?.split(",") ?? [])].filter((name) => name !== undefined);
    const channels = names.map((name) => workspace.conversationOfBot(name).id);
    const blocks = args.initial_comment === undefined ? validateBlocks(args.blocks ?? []) : [];
    for (const channel of channels) if (args.thread_ts !== undefined) mustBeThread(channel, args.thread_ts, services);
    const user = workspace.state.bot.userId;
    const done = args.files.map(({ id, title }) => services.files.complete({ id, title, user }));
    for (const channel of channels) {
      const message = workspace.post({
        channel,
        user,
        text: args.initial_comment ?? "",
        blocks,
        threadTs: args.thread_ts ?? null,
        subtype: "file_share",
        files: done.map(({ id }) => id),
      });
      services.dispatch.tell(messagePosted(message, services));
    }
    return { files: done.map((file) => answerOf(file, services)) };
  },
});

const info = defineMethod({
  name: "files.info",
  limit: "tier-4",
  args: z.object({ file: z.string() }),
  run({ file: id }, services) {
    const file = services.workspace.file(id);
    if (file === undefined) throw new SlackFailure("file_not_found");
    return { file: answerOf(file, services), comments: [] };
  },
});

function answerOf(file: StoredFile, { addresses }: SlackServices) {
  return wireFile(file, addresses);
}

export const fileMethods = [getUploadUrl, completeUpload, info];
