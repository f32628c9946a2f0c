import { sessionKeyOf } from "@peerbot/contracts";
import type { z } from "zod";
import type { BotIdentity } from "./bot-identity.ts";
import type { Delivery } from "./delivery.ts";
import { readEdit, readMessage } from "./read-message.ts";
import {
  AgentSessionStoppedEvent,
  BlockActions,
  EventCallback,
  MentionEvent,
  MessageChangedEvent,
  MessageEvent,
} from "./slack-body.ts";

/** What Slack delivered, in our words. `type` is Slack's word, for counting and logging. */
export type Reading = { type: string; eventId?: string } & (
  | { delivery: Delivery; ignored?: never }
  | { delivery?: never; ignored: string }
);

type Words = { delivery: Delivery } | { ignored: string };

/** Reads the body of an event or of a button press; anything that is not for us comes back as `ignored` with the reason. */
export function readDelivery(body: unknown, identity: BotIdentity): Reading {
  const callback = EventCallback.safeParse(body);
  if (callback.success) {
    const { event_id: eventId, event } = callback.data;
    return { type: event.type, eventId, ...readEvent(event, identity) };
  }
  const type = typeof body === "object" && body !== null && "type" in body ? String(body.type) : "other";
  if (type === "block_actions") return { type, ...readWith(BlockActions, body, (press) => readPress(press, identity)) };
  return { type: "other", ignored: "not-subscribed" };
}

function readEvent(event: z.infer<typeof EventCallback>["event"], identity: BotIdentity): Words {
  switch (event.type) {
    case "app_mention":
      return readWith(MentionEvent, event, (mention) => readMessage(mention, identity));
    case "message":
      return event.subtype === "message_changed"
        ? readWith(MessageChangedEvent, event, (change) => readEdit(change, identity))
        : readWith(MessageEvent, event, (message) => readMessage(message, identity));
    case "agent_session_stopped":
      return readWith(AgentSessionStoppedEvent, event, (stop) => readAgentStop(stop, identity));
    default:
      return { ignored: "not-subscribed" };
  }
}

/** A shape we cannot read will not get readable by being sent again, so it is ignored, but never without a word. */
function readWith<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  read: (parsed: z.infer<Schema>) => Words,
): Words {
  const parsed = schema.safeParse(value);
  if (parsed.success) return read(parsed.data);
  return { ignored: `unreadable: ${parsed.error.issues.map((issue) => issue.path.join(".")).join(", ")}` };
}

/** `cancel` withdraws what waits, `stop` ends what runs: to us both are the wish that nothing happens any more. */
const ACTIONS: ReadonlyMap<string, "stop" | "continue" | "retry"> = new Map([
  ["stop", "stop"],
  ["cancel", "stop"],
  ["continue", "continue"],
  ["retry", "retry"],
] as const);

function readPress(press: BlockActions, identity: BotIdentity): Words {
  const [button] = press.actions;
  const action = ACTIONS.get(button.action_id);
  if (action === undefined) return { ignored: "not-our-button" };
  const { channel_id: channel, message_ts: ts } = press.container;
  const threadTs = press.container.thread_ts ?? press.message?.thread_ts ?? ts;
  const user = press.user.id;
  return {
    delivery: {
      kind: "pressed",
      id: `action:${button.action_ts}:${user}`,
      pressedTs: button.action_ts,
      thread: { team: identity.team, channel, threadTs },
      ts,
      user,
      isExternal: ![null, undefined, identity.team, identity.enterprise].includes(press.user.team_id),
      isDirect: channel.startsWith("D"),
      action,
      sessionKey: button.value ?? "",
    },
  };
}

function readAgentStop(stop: z.infer<typeof AgentSessionStoppedEvent>, identity: BotIdentity): Words {
  const { channel, user, thread_ts: threadTs, event_ts: at } = stop;
  const thread = { team: identity.team, channel, threadTs };
  return {
    delivery: {
      kind: "pressed",
      id: `${channel}:${threadTs}:stopped:${at}`,
      pressedTs: at,
      thread,
      ts: threadTs,
      user,
      isExternal: false,
      isDirect: channel.startsWith("D"),
      action: "stop",
      sessionKey: sessionKeyOf(thread),
    },
  };
}
