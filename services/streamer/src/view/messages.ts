import {
  type Closing,
  closingMessage,
  type Opening,
  openingMessage,
  type PartPayload,
  partMetadata,
  type SlackMessage,
} from "@peerbot/slack";
import type { Round } from "./thread-view.ts";

/** The round's first message as it should read now. */
export function openingOf(round: Round, sessionKey: string, now: number): SlackMessage {
  return openingMessage(openingState(round, now), sessionKey);
}

function openingState(round: Round, now: number): Opening {
  const { because, options } = round;
  const place = { repository: round.repository, branch: round.branch, options };
  switch (round.state) {
    case "accepted":
      return { state: "accepted", because, options };
    case "waiting":
      return round.waiting === undefined
        ? { state: "accepted", because, options }
        : { state: "waiting", ...round.waiting, now };
    case "running":
      return { state: round.isStopping ? "stopping" : round.repository === undefined ? "starting" : "working", place };
    case "ended":
      return round.ending?.outcome === "cancelled" ? { state: "withdrawn" } : { state: "over", place };
    default:
      return round.state satisfies never;
  }
}

/** The round's last message; `undefined` while it goes on. */
export function closingOf(round: Round, sessionKey: string): SlackMessage | undefined {
  if (round.ending === undefined) return undefined;
  const { at, ...ending } = round.ending;
  const closing: Closing = {
    ...ending,
    user: round.user,
    sessionKey,
    epoch: round.epoch,
    repository: round.repository,
    branch: round.branch,
    durationMs: at - round.beganAt,
  };
  return closingMessage(closing);
}

/** What a message of the round tells programs; the closing also says how the round ended. */
export function metadataOf(
  round: Round,
  { part, intent, sessionKey }: { part: string; intent: string; sessionKey: string },
) {
  const payload: PartPayload = { session: sessionKey, epoch: round.epoch, part, intent };
  const { ending } = round;
  if (part !== "closing" || ending === undefined) return partMetadata(payload);
  return partMetadata({
    ...payload,
    owner: round.owner,
    outcome: ending.outcome,
    branch: round.branch,
    commit: ending.commit?.sha,
    pull_request_url: ending.pullRequest?.url,
    pull_request_number: ending.pullRequest?.number,
    failure_code: ending.outcome === "failed" ? (ending.failure?.code ?? ending.reason ?? "unknown") : undefined,
  });
}
