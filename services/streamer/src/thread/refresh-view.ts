import { faultPoint } from "@peerbot/runtime";
import { inRound } from "../plan/record.ts";
import { sentRoundOf } from "../plan/sent-thread.ts";
import { applyEvent } from "../view/apply-event.ts";
import type { Round, ThreadView } from "../view/thread-view.ts";
import type { OwnedThread, ThreadPorts } from "./thread-ports.ts";

/** Brings the view up to date with the event stream. */
export async function refreshView(ports: ThreadPorts, owned: OwnedThread): Promise<void> {
  for (const stored of await ports.events.read(owned.key, { afterSeq: owned.view.seq })) {
    if (stored.event === undefined) {
      ports.log.eventUnreadable(owned.key, stored.seq);
      owned.view = { ...owned.view, seq: stored.seq };
    } else {
      owned.view = applyEvent(owned.view, stored);
    }
  }
  await locate(ports, owned);
  countModelRequest(ports, owned);
}

/** The repository stands in the run's record only, a little after the run began. */
async function locate(ports: ThreadPorts, owned: OwnedThread): Promise<void> {
  const round = owned.view.rounds.at(-1);
  if (round === undefined || round.epoch === 0 || round.repository !== undefined) return;
  const run = await ports.runs.current(owned.key);
  if (run?.epoch !== round.epoch || run.repository === undefined) return;
  const located: Round = { ...round, repository: run.repository, team: run.person.team };
  owned.view = { ...owned.view, rounds: [...owned.view.rounds.slice(0, -1), located] };
}

function countModelRequest({ metrics }: ThreadPorts, owned: OwnedThread): void {
  const round = owned.view.rounds[0];
  if (round?.modelRequestedAt === undefined || sentRoundOf(owned.sent, round.id).hasCountedModelRequest) return;
  metrics.firstModelRequest.observe((round.modelRequestedAt - round.beganAt) / 1000);
  owned.sent = inRound(owned.sent, round.id, (told) => ({ ...told, hasCountedModelRequest: true }));
}

/** The oldest round is shown: what is kept starts after it. */
export async function closeRound(ports: ThreadPorts, owned: OwnedThread): Promise<void> {
  const { view, sent } = owned;
  const [round, ...rounds] = view.rounds;
  const isDone = ({ ts, isTaken }: { ts: string; isTaken: boolean }) => isTaken && sent.replies[ts] === "taken";
  await startAfter(ports, owned, { ...view, rounds, replies: view.replies.filter((reply) => !isDone(reply)) });
  if (round?.ending === undefined) return;
  const { outcome, at } = round.ending;
  ports.log.roundShown(owned.key, { epoch: round.epoch, outcome, seconds: (at - round.beganAt) / 1000 });
}

/** The thread is out of reach: nothing of what is going on is shown any more, the next message starts afresh. */
export async function abandonRounds(ports: ThreadPorts, owned: OwnedThread): Promise<void> {
  const { view } = owned;
  const doneEpoch = Math.max(view.doneEpoch, ...view.rounds.map(({ epoch }) => epoch));
  await startAfter(ports, owned, { ...view, rounds: [], replies: [], doneEpoch });
}

/** Stores the view as the new beginning; the events that led to it are not needed any more. */
async function startAfter(ports: ThreadPorts, owned: OwnedThread, view: ThreadView): Promise<void> {
  const { round: _, replies, ...rest } = owned.sent;
  const kept = new Set(view.replies.map(({ ts }) => ts));
  owned.sent = { ...rest, replies: Object.fromEntries(Object.entries(replies).filter(([ts]) => kept.has(ts))) };
  owned.view = view;
  await faultPoint("streamer.before-cursor-save");
  await ports.store.save(owned.key, owned.token, { view, sent: owned.sent });
  await faultPoint("streamer.after-cursor-save");
  await ports.events.trim(owned.key, view.seq);
}
