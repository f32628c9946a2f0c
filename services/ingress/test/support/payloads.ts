import { randomInt } from "node:crypto";
import { sessionKeyOf } from "@peerbot/contracts";
import { BOT_USER, TEAM } from "./slack-stand-in.ts";

export const CHANNEL = "C0GENERAL";
export const ALICE = "U0ALICE";
export const BOB = "U0BOB";
export const MENTION = `<@${BOT_USER}>`;

let lastTs = 1_790_000_000 + randomInt(8_000_000);

/** A fresh message time as Slack writes it, later than all before it. */
export function newTs(): string {
  return `${++lastTs}.${String(randomInt(1_000_000)).padStart(6, "0")}`;
}

/** An event as Slack posts it. */
export function callback(event: object, { team = TEAM, eventId = `Ev${newTs()}` } = {}) {
  return {
    token: "legacy",
    team_id: team,
    context_team_id: team,
    api_app_id: "A1",
    type: "event_callback",
    event_id: eventId,
    event_time: 1_790_000_000,
    authorizations: [
      { enterprise_id: null, team_id: team, user_id: BOT_USER, is_bot: true, is_enterprise_install: false },
    ],
    event,
  };
}

export function mention(text: string, extra: object = {}) {
  const ts = newTs();
  return { type: "app_mention", user: ALICE, text, ts, channel: CHANNEL, team: TEAM, event_ts: ts, ...extra };
}

/** A message event of a channel. */
export function message(text: string, extra: object = {}) {
  const ts = newTs();
  return {
    ...{ type: "message", user: ALICE, text, ts, channel: CHANNEL, channel_type: "channel" },
    ...{ team: TEAM, event_ts: ts, client_msg_id: "0e6", ...extra },
  };
}

let edits = 0;

/** `message_changed` as Slack sends it after a person edited. */
export function edit(original: { ts: string; text: string }, text: string, extra: object = {}) {
  const inner = { type: "message", user: ALICE, team: TEAM, ts: original.ts };
  return {
    ...{ type: "message", subtype: "message_changed", channel: CHANNEL, channel_type: "channel", hidden: true },
    ...{ ts: newTs(), event_ts: newTs() },
    message: {
      ...inner,
      text,
      edited: { user: ALICE, ts: `1799999999.${String(++edits).padStart(6, "0")}` },
      ...extra,
    },
    previous_message: { ...inner, text: original.text, ...extra },
  };
}

/** A button pressed in a thread; its value is the thread's session key unless told otherwise. */
export function press(
  actionId: string,
  threadTs: string,
  options: { user?: string; value?: string; team?: string } = {},
) {
  const { user = ALICE, value = keyOf(threadTs), team = TEAM } = options;
  const ts = newTs();
  return {
    type: "block_actions",
    user: { id: user, username: "somebody", team_id: team },
    api_app_id: "A1",
    token: "legacy",
    container: { type: "message", message_ts: ts, channel_id: CHANNEL, is_ephemeral: false, thread_ts: threadTs },
    trigger_id: "1.2.3",
    team: { id: TEAM, domain: "home" },
    channel: { id: CHANNEL, name: "general" },
    message: { type: "message", ts, thread_ts: threadTs, text: "…" },
    response_url: "http://127.0.0.1:1/never",
    actions: [{ action_id: actionId, block_id: "b", type: "button", value, action_ts: newTs() }],
  };
}

export function keyOf(threadTs: string, channel = CHANNEL) {
  return sessionKeyOf({ team: TEAM, channel, threadTs });
}
