import type { z } from "zod";
import { homeOpened, sessionStopped } from "../slack/events.ts";
import type { Message } from "../slack/model.ts";
import type { SlackStandIn } from "../slack/stand-in.ts";
import { wireBlocks } from "../slack/wire-message.ts";
import { wireView } from "../slack/wire-view.ts";
import type { AskSuggestions, ClickAction, DeedResult, OpenHome, SlashCommand, StopSession } from "./api.ts";
import { chosen, elementIn } from "./choose.ts";
import { ControlProblem } from "./control-problem.ts";
import { messageOf, personOf, placeOf } from "./resolve.ts";
import { resultOf, settled } from "./speak.ts";

/** Clicks a button or chooses in a menu of a message. */
export async function clickAction(request: z.output<typeof ClickAction>, slack: SlackStandIn): Promise<DeedResult> {
  const { message, user } = clickable(request, slack);
  const { element, blockId } = elementIn(wireBlocks(message), request.actionId, request.blockId);
  const choice = chosen(element, request.value);
  const action = { ...choice, action_id: request.actionId, block_id: blockId, action_ts: slack.workspace.nextTs() };
  const state = String(element.type).endsWith("button") ? {} : { [blockId]: { [request.actionId]: choice } };
  return answerOf(await slack.services.interactivity.actOn(message, { user, action, state }));
}

/** Types into an `external_select`. */
export async function askSuggestions(
  request: z.output<typeof AskSuggestions>,
  slack: SlackStandIn,
): Promise<DeedResult> {
  const { message, user } = clickable(request, slack);
  const { element, blockId } = elementIn(wireBlocks(message), request.actionId, undefined);
  if (!String(element.type).endsWith("external_select")) {
    throw new ControlProblem(`${request.actionId} is a ${String(element.type)}; only an external_select asks the app`);
  }
  const action = { action_id: request.actionId, block_id: blockId };
  return answerOf(await slack.services.interactivity.suggest(message, { user, action, query: request.query }));
}

/** Slack's own Stop button, which is there while a session is processing. */
export async function stopSession(request: z.output<typeof StopSession>, slack: SlackStandIn): Promise<DeedResult> {
  const { workspace, dispatch } = slack;
  const { person, conversation } = placeOf(request, workspace);
  const { threadTs, ts } = messageOf(conversation, request.threadTs, workspace);
  const session = workspace.session(conversation.id, threadTs ?? ts);
  if (session?.status !== "processing") {
    throw new ControlProblem(
      `no session is processing in this thread, so there is no Stop button (${session?.status ?? "none"})`,
    );
  }
  const streaming = workspace
    .replies(session.channel, session.threadTs)
    .filter(({ stream }) => stream?.state === "in_progress")
    .map((message) => message.ts);
  const told = sessionStopped(session, { user: person.id, streaming }, workspace);
  return { ok: true, deliveries: await settled(dispatch.tell(told)) };
}

export async function runCommand(request: z.output<typeof SlashCommand>, slack: SlackStandIn): Promise<DeedResult> {
  const { person, conversation } = placeOf(request, slack.workspace);
  const { command, text } = request;
  const done = await slack.services.interactivity.command({ user: person.id, channel: conversation.id, command, text });
  return answerOf(done);
}

/** Opens the app's Home or Messages tab. */
export async function openHome({ user, tab }: z.output<typeof OpenHome>, slack: SlackStandIn): Promise<DeedResult> {
  const { workspace, dispatch } = slack;
  const person = personOf(user, workspace);
  const home = workspace.homeOf(person.id);
  const told = homeOpened(person.id, tab, home === undefined ? null : wireView(home, workspace), workspace);
  return { ok: true, deliveries: await settled(dispatch.tell(told)) };
}

function clickable(request: { user: string; channel: string; messageTs: string }, { workspace }: SlackStandIn) {
  const { person, conversation } = placeOf(request, workspace);
  const hidden = workspace.ephemeral(conversation.id, request.messageTs);
  const message: Message =
    hidden?.ephemeralTo === person.id ? hidden : messageOf(conversation, request.messageTs, workspace);
  return { message, user: person.id };
}

/** What the app was sent and what it said to that; an empty body is null. */
export function answerOf(done: Awaited<ReturnType<SlackStandIn["dispatch"]["interact"]>>): DeedResult {
  const { body } = done.outcome;
  return { ok: true, deliveries: [resultOf(done.entry)], response: body === "" || body === undefined ? null : body };
}
