import { type InboxMessage, type Notice, sessionKeyOf } from "@peerbot/contracts";
import { type AdmissionPolicy, admit } from "./admit.ts";
import type { Delivery } from "./delivery.ts";
import { objectionToOptions } from "./judge-options.ts";

/** What is known about the thread when a delivery comes. */
export interface Facts {
  /**
   * `session`: Redis knows it. `ours`: Redis does not, but we have answered in it. `foreign`: we never have. `unknown`:
   * Redis does not know it and nobody has looked.
   */
  standing: "session" | "ours" | "foreign" | "unknown";
  /** Who has written in the session. */
  people: readonly string[];
  /** Identities of the session's messages. */
  messageIds: readonly string[];
  /** By identity of a message, Slack timestamp of the latest edit that is known beside this delivery. */
  edits: ReadonlyMap<string, string>;
  /** Slack `ts` of the last thing that was said in the session. */
  lastSaidTs?: string;
  /** Slack `ts` of the session's first message. */
  since?: string | undefined;
}

export type Decision =
  | { to: "accept" }
  | { to: "ignore"; reason: string }
  /** Tell the person why not. `noticeId`: however often the notice is asked for, it is told once. */
  | { to: "refuse"; reason: Notice["reason"]; detail?: string; noticeId: string; option?: Notice["option"] }
  /** Only the thread itself can tell whether this is for us. */
  | { to: "look-up" };

/** For as long as this Slack delivers a message again: one that is edited may still be on its way. */
const REDELIVERED_MS = 3_600_000;

/**
 * An edit of a message that is not in the session is the message itself: its own delivery is late, and then a duplicate,
 * or it was refused for what the person put right now. Not so what stood in the thread before the session began.
 */
export function asFirstHeard(delivery: Delivery, { standing, messageIds, since }: Facts, now: number): Delivery {
  if (delivery.kind !== "edited" || messageIds.includes(delivery.edits)) return delivery;
  const isOfSession = standing === "session" && since !== undefined && Number(delivery.ts) > Number(since);
  const isFirst = standing === "unknown" && !delivery.isReply && (delivery.isMention || delivery.isDirect);
  if (!isOfSession && !(isFirst && isRecent(delivery, now))) return delivery;
  const { edits, ...said } = delivery;
  return { ...said, kind: "said", id: edits };
}

function isRecent({ ts }: Delivery, now: number): boolean {
  return Number(ts) * 1_000 > now - REDELIVERED_MS;
}

/** What is to be done with a delivery. */
export function decide(delivery: Delivery, facts: Facts, policy: AdmissionPolicy): Decision {
  switch (delivery.kind) {
    case "said":
      return decideSaid(delivery, facts, policy);
    case "edited":
      return decideEdited(delivery, facts, policy);
    case "pressed":
      return decidePressed(delivery, facts, policy);
    default:
      return delivery satisfies never;
  }
}

type Of<Kind extends Delivery["kind"]> = Extract<Delivery, { kind: Kind }>;

function decideSaid(said: Of<"said">, facts: Facts, policy: AdmissionPolicy): Decision {
  const isAddressed = said.isMention || said.isDirect;
  const refusal = admit(said, policy);
  if (!isAddressed && facts.standing !== "session" && facts.standing !== "ours") {
    const mayBeOurs = said.isReply && facts.standing === "unknown" && refusal === undefined;
    return mayBeOurs ? { to: "look-up" } : { to: "ignore", reason: "not-for-us" };
  }
  if (refusal !== undefined) return refuseSaid(said, refusal, isAddressed);
  // It may be a session that Redis has forgotten: then the thread tells whose repository it works in.
  if (said.isReply && facts.standing === "unknown" && said.text !== "" && !said.isStop) return { to: "look-up" };
  if (said.isStop) return decideStop(said, facts, policy);
  const objection = objectionToOptions(said, policy);
  if (objection !== undefined) return { ...refuse(said, objection.reason), option: objection.option };
  if (said.text === "") {
    const isMeant = said.isMention && facts.standing !== "session";
    return isMeant ? refuse(said, "empty-mention") : { to: "ignore", reason: "empty" };
  }
  return { to: "accept" };
}

/** People who talk among themselves in a live thread are told once that they are not heard, not at every message. */
function refuseSaid(said: Of<"said">, reason: Notice["reason"], isAddressed: boolean): Decision {
  if (isAddressed || reason === "prompt-too-long") return refuse(said, reason);
  return { to: "refuse", reason, noticeId: `${said.thread.channel}:${said.thread.threadTs}:${said.user}:${reason}` };
}

function decideEdited(edited: Of<"edited">, facts: Facts, policy: AdmissionPolicy): Decision {
  const refusal = admit(edited, policy);
  if (!facts.messageIds.includes(edited.edits)) {
    // The reply it changes may itself wait until its thread was read.
    const mayBeOurs = edited.isReply && facts.standing === "unknown" && refusal === undefined;
    return mayBeOurs ? { to: "look-up" } : { to: "ignore", reason: "edit-of-unknown-message" };
  }
  // Slack keeps no order among events, and a thread that was read showed the newest words already.
  if ((facts.edits.get(edited.edits) ?? "") >= edited.editedTs) return { to: "ignore", reason: "newer-edit-known" };
  if (refusal !== undefined) return refuse(edited, refusal);
  const objection = objectionToOptions(edited, policy);
  if (objection !== undefined) return { ...refuse(edited, objection.reason), option: objection.option };
  return edited.text === "" ? { to: "ignore", reason: "empty" } : { to: "accept" };
}

function decidePressed(pressed: Of<"pressed">, facts: Facts, policy: AdmissionPolicy): Decision {
  const refusal = admit(pressed, policy);
  if (refusal !== undefined) return refuse(pressed, refusal);
  // A button acts on the thread it stands in. That its value says the same guards against a message of ours being
  // copied elsewhere, and against a value nobody of us wrote.
  if (pressed.sessionKey !== sessionKeyOf(pressed.thread)) {
    return { ...refuse(pressed, "not-your-session"), detail: "forged-session-key" };
  }
  if (pressed.action === "stop") return decideStop(pressed, facts, policy);
  if (facts.standing === "unknown") return { to: "look-up" };
  if (facts.standing === "foreign" || !isOneOfThem(pressed.user, facts, policy)) {
    return refuse(pressed, "not-your-session");
  }
  return { to: "accept" };
}

/**
 * A session Redis does not know has nothing that runs or waits. A Stop that comes so late that people have gone on
 * talking meanwhile would stop what they asked for since: the thread shows what goes on, and offers to stop it.
 */
function decideStop(delivery: Of<"said"> | Of<"pressed">, facts: Facts, policy: AdmissionPolicy): Decision {
  if (facts.standing !== "session") return refuse(delivery, "nothing-to-stop");
  const at = delivery.kind === "pressed" ? delivery.pressedTs : delivery.ts;
  if (Number(facts.lastSaidTs) > Number(at)) return { to: "ignore", reason: "stop-overtaken" };
  return isOneOfThem(delivery.user, facts, policy) ? { to: "accept" } : refuse(delivery, "not-your-session");
}

function isOneOfThem(user: string, facts: Facts, policy: AdmissionPolicy): boolean {
  return facts.people.includes(user) || policy.adminUsers.includes(user);
}

function refuse(delivery: Delivery, reason: Notice["reason"]) {
  return { to: "refuse", reason, noticeId: delivery.id } as const;
}

/** An accepted delivery as it goes into the session's inbox. */
export function inboxMessageOf(delivery: Delivery, receivedAt: number): InboxMessage {
  const { id, user, ts } = delivery;
  const common = { v: 1 as const, id, user, ts, receivedAt };
  const asked = "options" in delivery ? { options: delivery.options } : {};
  const edited = "editedTs" in delivery ? { editedTs: delivery.editedTs } : {};
  switch (delivery.kind) {
    case "said":
      return delivery.isStop
        ? { ...common, kind: "stop" }
        : { ...common, ...asked, ...edited, kind: "said", text: delivery.text };
    case "edited":
      return { ...common, ...asked, ...edited, kind: "edited", text: delivery.text, edits: delivery.edits };
    case "pressed":
      return { ...common, kind: delivery.action };
    default:
      return delivery satisfies never;
  }
}
