import {
  type Assignment,
  type InboxEntry,
  type NumberedEvent,
  type Person,
  type Repository,
  RunFinished,
  type RunOptions,
  RunRecord,
  type SessionKey,
  SystemEvent,
  WorkerEvent,
} from "@peerbot/contracts";
import type { Redis } from "ioredis";
import { z } from "zod";
import { parseInboxRow } from "./inbox.ts";
import { sessionKeys, sharedKeys } from "./keys.ts";
import * as scripts from "./run-scripts.ts";
import { retireUnlessNewer } from "./script.ts";
import { readTimes } from "./session-times.ts";

export interface NewRun {
  key: SessionKey;
  person: Person;
  branch: string;
  /** What its worker is given. */
  options?: RunOptions | undefined;
  inboxAfter: string;
  /** Last inbox entry known now. */
  inboxThrough?: string;
  attempt: number;
  /** Milliseconds since 1970. */
  deadlineAt: number;
  messageIds: string[];
}

/** A session's runs: there is one live run at most, and everything a run writes is refused once a newer one began. */
export interface SessionRuns {
  /**
   * Begins a run with a higher epoch than any before it, also than any that an emptied Redis has forgotten, and appends
   * `run-started`. `superseded` when the latest run is no longer the one of epoch `after` (0: none), or what the run was
   * to take has been dealt with: somebody else began, or it was withdrawn.
   */
  begin(run: NewRun, options: { after: number }): Promise<RunRecord | "superseded">;
  /** Records where the run works. `fenced` when a newer run began. */
  prepare(key: SessionKey, epoch: number, repository: Repository): Promise<"prepared" | "fenced">;
  /** The latest run, `undefined` when the session never had one (or Redis was emptied). */
  current(key: SessionKey): Promise<RunRecord | undefined>;
  /** Redeems the start token: the first caller gets the run, and again when it names itself; nobody after it. */
  claim(key: SessionKey, epoch: number, claimant?: string): Promise<"claimed" | "already-claimed" | "fenced">;
  /** `live` while the run of that epoch may write. */
  check(key: SessionKey, epoch: number): Promise<"live" | "fenced">;
  /** Inbox entries after `after`, recorded as handed to this run. */
  readInbox(key: SessionKey, epoch: number, after: string): Promise<InboxEntry[] | "fenced">;
  /** Appends the worker's events once each, by their number; gives the highest number stored. A gap is refused with the number to go on after. */
  report(key: SessionKey, epoch: number, events: readonly NumberedEvent[]): Promise<{ lastN: number } | "fenced">;
  /** Appends an event of the gateway's own for this run, the first time only. */
  reportOnce(key: SessionKey, epoch: number, event: SystemEvent): Promise<void>;
  /** Ends the run in the worker's words, unless messages after `handledThrough` wait and it is not forced. Saying it again changes nothing. */
  finish(
    key: SessionKey,
    epoch: number,
    request: { event: RunFinished; handledThrough: string; isForced: boolean },
  ): Promise<"finished" | "more-messages" | "fenced">;
  /**
   * Ends the run because its worker is gone; tells the thread (`run-ended`) unless the worker had told its outcome.
   * Without `isRetrying` its messages, at least through `settleThrough`, count as dealt with.
   */
  end(
    key: SessionKey,
    epoch: number,
    request: { event: Extract<SystemEvent, { type: "run-ended" }>; settleThrough: string },
  ): Promise<"ended" | "had-finished" | "already-ended" | "fenced">;
  /**
   * Marks inbox entries as dealt with although no run took them (withdrawn before they began). Appends `cancelled`.
   * `superseded` when a run took them after all (the latest is not the ended one of epoch `after`), or somebody else did it.
   */
  cancel(
    key: SessionKey,
    request: { settleThrough: string; user: string; after: number; messageIds?: readonly string[] },
  ): Promise<"cancelled" | "superseded">;
  /** The same without a word to the thread: for messages that ask for nothing. */
  settle(key: SessionKey, settleThrough: string): Promise<void>;
  /** Sessions with a live run, longest running first. */
  live(): Promise<SessionKey[]>;
  /** Takes sessions off that list whose run ended more than `olderThanMs` ago but that nobody had the time to take off. */
  retireEnded(options: { olderThanMs: number }): Promise<void>;
}

export function createSessionRuns({
  redis,
  prefix,
  retentionSeconds,
}: {
  redis: Redis;
  prefix: string;
  retentionSeconds: number;
}): SessionRuns {
  const shared = sharedKeys(prefix);
  const markActive = (key: SessionKey, at: number) => redis.zadd(shared.activeThreads, at, key);

  async function current(key: SessionKey): Promise<RunRecord | undefined> {
    const fields = await redis.hgetall(sessionKeys(prefix, key).run);
    return fields.record === undefined ? undefined : recordOf(fields);
  }

  return {
    current,

    async begin({ messageIds, ...run }, { after }) {
      const keys = sessionKeys(prefix, run.key);
      const at = Date.now();
      const { key, ...told } = run;
      const record = { v: 1, sessionKey: key, ...told, startedAt: at };
      const { person, branch, options, attempt } = run;
      const event = SystemEvent.parse({ type: "run-started", user: person.id, branch, options, attempt, messageIds });
      await Promise.all([redis.zadd(shared.liveRuns, at, key), markActive(key, at)]);
      const args = [
        shared.activity,
        key,
        JSON.stringify(record),
        JSON.stringify(event),
        at,
        retentionSeconds,
        after,
        run.inboxThrough ?? "",
      ];
      const epoch = await scripts.begin(redis, [keys.run, keys.session, keys.events, keys.sequence], args);
      if (epoch === "superseded") return "superseded";
      return RunRecord.parse({ ...record, epoch: Number(epoch), state: "live" });
    },

    async prepare(key, epoch, repository) {
      const result = await scripts.prepare(redis, [sessionKeys(prefix, key).run], [epoch, JSON.stringify(repository)]);
      return result === "prepared" ? "prepared" : "fenced";
    },

    async claim(key, epoch, claimant = "") {
      return z
        .enum(["claimed", "already-claimed", "fenced"])
        .parse(await scripts.claim(redis, [sessionKeys(prefix, key).run], [epoch, claimant]));
    },

    async check(key, epoch) {
      const [storedEpoch, state] = await redis.hmget(sessionKeys(prefix, key).run, "epoch", "state");
      return storedEpoch === String(epoch) && state === "live" ? "live" : "fenced";
    },

    async readInbox(key, epoch, after) {
      const keys = sessionKeys(prefix, key);
      const rows = await scripts.readInbox(redis, [keys.run, keys.inbox], [epoch, after]);
      if (rows === "fenced") return "fenced";
      return InboxRows.parse(rows).map(([inboxId, fields]) => parseInboxRow(inboxId, fields));
    },

    async report(key, epoch, events) {
      const keys = sessionKeys(prefix, key);
      const at = Date.now();
      const numbered = events.flatMap(({ n, event }) => [n, JSON.stringify(WorkerEvent.parse(event))]);
      await markActive(key, at);
      const args = [shared.activity, key, epoch, at, retentionSeconds, ...numbered];
      const result = await scripts.report(redis, [keys.run, keys.events, keys.sequence], args);
      return result === "fenced" ? "fenced" : { lastN: Number(result) };
    },

    async reportOnce(key, epoch, event) {
      const keys = sessionKeys(prefix, key);
      const at = Date.now();
      await markActive(key, at);
      const args = [
        shared.activity,
        key,
        epoch,
        at,
        retentionSeconds,
        JSON.stringify(SystemEvent.parse(event)),
        event.type,
      ];
      await scripts.reportOnce(redis, [keys.run, keys.events, keys.sequence], args);
    },

    async finish(key, epoch, { event, handledThrough, isForced }) {
      const keys = sessionKeys(prefix, key);
      const run = await current(key);
      if (run === undefined) return "fenced";
      const at = Date.now();
      await markActive(key, at);
      const body = JSON.stringify(RunFinished.parse(event));
      const args = [
        shared.activity,
        key,
        epoch,
        at,
        retentionSeconds,
        body,
        handledThrough,
        run.inboxAfter,
        isForced ? 1 : 0,
        event.outcome,
      ];
      const result = await scripts.finish(
        redis,
        [keys.run, keys.inbox, keys.session, keys.events, keys.sequence],
        args,
      );
      return z.enum(["finished", "more-messages", "fenced"]).parse(result);
    },

    async end(key, epoch, { event, settleThrough }) {
      const keys = sessionKeys(prefix, key);
      const run = await current(key);
      if (run === undefined) return "fenced";
      const at = Date.now();
      await markActive(key, at);
      const body = JSON.stringify(SystemEvent.parse(event));
      const args = [
        shared.activity,
        key,
        epoch,
        at,
        retentionSeconds,
        body,
        settleThrough,
        run.inboxAfter,
        event.isRetrying ? 1 : 0,
      ];
      const result = await scripts.end(redis, [keys.run, keys.session, keys.events, keys.sequence], args);
      // Another launcher may have begun the next run since.
      if (result !== "fenced") await retireUnlessNewer(redis, [shared.liveRuns], [key, run.startedAt]);
      return z.enum(["ended", "had-finished", "already-ended", "fenced"]).parse(result);
    },

    async cancel(key, { settleThrough, user, after, messageIds }) {
      const keys = sessionKeys(prefix, key);
      const at = Date.now();
      await markActive(key, at);
      const event = JSON.stringify(SystemEvent.parse({ type: "cancelled", user, messageIds }));
      const result = await scripts.cancel(
        redis,
        [keys.run, keys.session, keys.events, keys.sequence],
        [shared.activity, key, at, retentionSeconds, event, settleThrough, after],
      );
      return result === "cancelled" ? "cancelled" : "superseded";
    },

    async settle(key, settleThrough) {
      await scripts.settle(redis, [sessionKeys(prefix, key).session], [settleThrough]);
    },

    async live() {
      return (await readTimes(redis, shared.liveRuns)).map(({ key }) => key);
    },

    async retireEnded({ olderThanMs }) {
      for (const { key, at } of await readTimes(redis, shared.liveRuns)) {
        if (at > Date.now() - olderThanMs) continue;
        const run = await current(key);
        if (run === undefined || run.state === "ended") await retireUnlessNewer(redis, [shared.liveRuns], [key, at]);
      }
    },
  };
}

const InboxRows = z.array(z.tuple([z.string(), z.array(z.string())]));

function recordOf(fields: Record<string, string>): RunRecord {
  return RunRecord.parse({
    ...JSON.parse(fields.record ?? "null"),
    repository: fields.repository === undefined ? undefined : JSON.parse(fields.repository),
    epoch: Number(fields.epoch),
    state: fields.state,
    outcome: fields.outcome,
  });
}

/** The document a worker is given, from the record of its run. */
export function assignmentOf(run: RunRecord & { repository: Repository }, model: string | undefined): Assignment {
  const { sessionKey, epoch, person, repository, branch, inboxAfter, deadlineAt } = run;
  return {
    v: 1,
    sessionKey,
    epoch,
    person,
    repository,
    branch,
    inboxAfter,
    deadlineAt,
    ...(model === undefined ? {} : { model }),
  };
}
