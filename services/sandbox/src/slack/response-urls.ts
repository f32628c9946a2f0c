import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { Attachments, Blocks, boolean } from "./arguments.ts";
import { messageChanged, messageDeleted, messagePosted } from "./events.ts";
import type { ResponseTicket } from "./interactivity.ts";
import { checkContent } from "./message-content.ts";
import type { SlackServices } from "./services.ts";
import { SlackFailure } from "./slack-failure.ts";
import { wireMessage } from "./wire-message.ts";

const Body = z.object({
  text: z.string().optional(),
  markdown_text: z.string().optional(),
  blocks: Blocks.optional(),
  attachments: Attachments.optional(),
  response_type: z.enum(["ephemeral", "in_channel"]).default("ephemeral"),
  replace_original: boolean().optional(),
  delete_original: boolean().optional(),
  thread_ts: z.string().optional(),
});

/** `POST /slack/response/{id}`: up to five answers to an interaction within 30 minutes, without a token. */
export function addResponseUrls(scope: FastifyInstance, services: SlackServices): void {
  scope.post<{ Params: { id: string } }>("/slack/response/:id", async (request, reply) => {
    const ticket = services.interactivity.useResponseUrl(request.params.id);
    if (ticket === undefined) return reply.code(404).send({ ok: false, error: "expired_url" });
    const body = Body.safeParse(request.body);
    if (!body.success) return reply.code(400).send({ ok: false, error: "invalid_payload" });
    try {
      respond(ticket, body.data, services);
    } catch (error) {
      if (!(error instanceof SlackFailure)) throw error;
      return reply.code(error.code === "message_not_found" ? 404 : 400).send({ ok: false, error: error.code });
    }
    return reply.type("text/plain").send("ok");
  });
}

function respond(ticket: ResponseTicket, body: z.infer<typeof Body>, services: SlackServices): void {
  if (body.delete_original === true || body.replace_original === true) changeOriginal(ticket, body, services);
  else answerAnew(ticket, body, services);
}

function answerAnew(ticket: ResponseTicket, body: z.infer<typeof Body>, services: SlackServices): void {
  const { workspace, dispatch } = services;
  const fields = {
    ...checkContent(body),
    channel: ticket.channel,
    user: workspace.state.bot.userId,
    threadTs: body.thread_ts ?? ticket.threadTs,
  };
  if (body.response_type === "ephemeral") workspace.postEphemeral({ ...fields, ephemeralTo: ticket.user });
  else dispatch.tell(messagePosted(workspace.post(fields), services));
}

function changeOriginal(ticket: ResponseTicket, body: z.infer<typeof Body>, services: SlackServices): void {
  const { workspace, dispatch } = services;
  const { channel, messageTs } = ticket;
  const original = workspace.message(channel, messageTs ?? "") ?? workspace.ephemeral(channel, messageTs ?? "");
  if (original === undefined) throw new SlackFailure("message_not_found");
  const previous = wireMessage(original, services);
  const isSilent = original.ephemeralTo !== null;
  if (body.delete_original === true) {
    workspace.remove(original);
    if (!isSilent) dispatch.tell(messageDeleted(original, previous, services));
    return;
  }
  const { text, markdown, blocks, attachments } = checkContent(body);
  workspace.change(original, "updated", { text, markdown, blocks, attachments, stream: null });
  if (!isSilent) dispatch.tell(messageChanged(original, previous, services));
}
