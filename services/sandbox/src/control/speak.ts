import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Delivery } from "../slack/dispatch.ts";
import { messageChanged, messageDeleted, messagePosted, reactionChanged } from "../slack/events.ts";
import type { Message } from "../slack/model.ts";
import { addReaction, removeReaction } from "../slack/reactions.ts";
import type { SlackStandIn } from "../slack/stand-in.ts";
import { wireMessage } from "../slack/wire-message.ts";
import { toWire } from "../slack/wire-text.ts";
import type {
  DeedResult,
  DeleteMessage,
  DeliveryResult,
  EditMessage,
  PostMessage,
  PostMessageResult,
  React,
} from "./api.ts";
import { ControlProblem } from "./control-problem.ts";
import { directoryOf, messageOf, placeOf } from "./resolve.ts";

/** A person says something; resolves when the first attempt of every delivery was answered or given up. */
export async function postMessage(
  request: z.output<typeof PostMessage>,
  { workspace, services, dispatch }: SlackStandIn,
): Promise<PostMessageResult> {
  const { person, conversation } = placeOf(request, workspace);
  const parent = request.threadTs === undefined ? undefined : messageOf(conversation, request.threadTs, workspace);
  if (request.text.trim() === "" && request.files.length === 0) throw new ControlProblem("text: says nothing");
  const files = await Promise.all(
    request.files.map(({ name, mimetype, contentBase64 }) =>
      services.files.add({ name, mimetype, user: person.id, bytes: Buffer.from(contentBase64, "base64") }),
    ),
  );
  const message = workspace.post({
    channel: conversation.id,
    user: person.id,
    ...toWire(request.text, directoryOf(workspace)),
    threadTs: parent?.ts ?? null,
    subtype: files.length === 0 ? null : "file_share",
    files: files.map(({ id }) => id),
    clientMsgId: randomUUID(),
  });
  const { duplicates, duplicateDelayMs, delayMs } = request;
  const deliveries = dispatch.tell(messagePosted(message, services), { duplicates, duplicateDelayMs, delayMs });
  return {
    ok: true,
    channel: message.channel,
    ts: message.ts,
    threadTs: message.threadTs ?? message.ts,
    deliveries: await settled(deliveries),
  };
}

export async function editMessage(request: z.output<typeof EditMessage>, slack: SlackStandIn): Promise<DeedResult> {
  const { workspace, services, dispatch } = slack;
  const message = ownMessageOf(request, slack);
  const previous = wireMessage(message, services);
  const edited = { user: message.user, ts: workspace.nextTs() };
  workspace.change(message, "updated", { ...toWire(request.text, directoryOf(workspace)), edited });
  return { ok: true, deliveries: await settled(dispatch.tell(messageChanged(message, previous, services))) };
}

export async function deleteMessage(request: z.output<typeof DeleteMessage>, slack: SlackStandIn): Promise<DeedResult> {
  const message = ownMessageOf(request, slack);
  const previous = wireMessage(message, slack.services);
  slack.workspace.remove(message);
  return {
    ok: true,
    deliveries: await settled(slack.dispatch.tell(messageDeleted(message, previous, slack.services))),
  };
}

export async function react(
  request: z.output<typeof React>,
  { workspace, dispatch }: SlackStandIn,
): Promise<DeedResult> {
  const { person, conversation } = placeOf(request, workspace);
  const message = messageOf(conversation, request.ts, workspace);
  const change = request.remove ? removeReaction : addReaction;
  const deed = { name: request.name, user: person.id };
  workspace.change(message, "reaction", { reactions: change(message.reactions, deed) });
  const told = reactionChanged(message, { ...deed, isAdded: !request.remove }, workspace);
  return { ok: true, deliveries: await settled(dispatch.tell(told)) };
}

function ownMessageOf(request: { user: string; channel: string; ts: string }, { workspace }: SlackStandIn): Message {
  const { person, conversation } = placeOf(request, workspace);
  const message = messageOf(conversation, request.ts, workspace);
  if (message.user !== person.id) throw new ControlProblem(`${person.name} did not write ${request.ts}`);
  return message;
}

/** What became of the deliveries once each was tried. */
export async function settled(deliveries: readonly Delivery[]): Promise<DeliveryResult[]> {
  await Promise.all(deliveries.map(({ firstAttempts }) => firstAttempts));
  return deliveries.map(({ entry }) => resultOf(entry));
}

export function resultOf({ eventId, type, status, statuses }: DeliveryResult): DeliveryResult {
  return { eventId, type, status, statuses: [...statuses] };
}
