import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type SessionKey, type StoredEvent, sessionKeyOf } from "@peerbot/contracts";
import { createSessionEvents } from "@peerbot/session-log";
import { createSessionQueue } from "@peerbot/session-queue";
import { until } from "@peerbot/testing";
import { Redis } from "ioredis";
import { createSandboxClient } from "../../say/sandbox-client.ts";
import type { Stack } from "../../stack/index.ts";
import { type LogLine, parseLog } from "./read-log.ts";

/** What was seen of one mention's way, times in milliseconds since 1970. */
export interface MentionStart {
  postedAt: number;
  /** When the first request to the model reached the stand-in. */
  requestedAt: number;
  totalMs: number;
  /** When the queue gave the session's job to a launcher. */
  jobTakenAt: number | undefined;
  events: readonly StoredEvent[];
  logs: Readonly<Record<"launcher" | "gateway" | "worker", readonly LogLine[]>>;
}

/** The session goes on for a while after its first request, so that there is time to look at it. */
const PROMPT = "sleep 1";

/** Mentions the app in a new thread, waits for the run's first request to the model, and then for the run's end. */
export async function startByMention(
  stack: Stack,
  dataDir: string,
  { signal }: { signal: AbortSignal },
): Promise<MentionStart> {
  const sandbox = createSandboxClient(stack.plan.sandboxUrl ?? "");
  const { team, users } = await sandbox.state();
  await using resources = new AsyncDisposableStack();
  const redis = new Redis(stack.redis.url);
  resources.defer(() => redis.disconnect());
  const { prefix } = stack.redis;
  const queue = resources.use(createSessionQueue({ connection: redis, prefix }));
  const sessionEvents = createSessionEvents({ redis, prefix, retentionSeconds: 3_600 });

  const postedAt = Date.now();
  const { channel, threadTs } = await sandbox.post({
    user: users[0]?.name ?? "",
    channel: "general",
    text: `@peerbot ${PROMPT}`,
  });
  const key = sessionKeyOf({ team: team.id, channel, threadTs });
  // Read as they come: what the thread shows already is not kept.
  const events = new Map<number, StoredEvent>();
  const lookForRequest = async () => {
    for (const event of await sessionEvents.read(key, { afterSeq: 0 })) {
      if (event.event !== undefined) events.set(event.seq, event);
    }
    return [...events.values()].some(({ event }) => event.type === "model-requested");
  };
  await until(lookForRequest, { what: "the first request to the model", timeoutMs: 120_000 });
  signal.throwIfAborted();
  // The worker's log goes with its run.
  const worker = await readWorkerLog(join(dataDir, "runs"), key);
  const [job] = (await queue.queue.getActive()).filter(({ data }) => data.sessionKey === key);
  const isOver = async () => (await readLog(stack, "launcher", key)).some(({ msg }) => msg === "run-ended");
  await until(isOver, { what: "the run's end", timeoutMs: 120_000 });
  const [requestedAt] = await sandbox.modelRequestTimes(key);
  if (requestedAt === undefined) throw new Error("the run ended and asked the model nothing");
  return {
    postedAt,
    requestedAt,
    totalMs: requestedAt - postedAt,
    jobTakenAt: job?.processedOn,
    events: [...events.values()],
    logs: { worker, launcher: await readLog(stack, "launcher", key), gateway: await readLog(stack, "gateway", key) },
  };
}

async function readLog(stack: Stack, service: string, key: SessionKey): Promise<LogLine[]> {
  const lines = parseLog(await readFile(join(stack.logDir, `${service}.log`), "utf8"));
  return lines.filter(({ sessionKey, session }) => sessionKey === key || session === key);
}

/** A run's folder is named after its session; a warm worker's is not, but its log names the session it took. */
async function readWorkerLog(runsDir: string, key: SessionKey): Promise<LogLine[]> {
  for (const name of await readdir(runsDir)) {
    const lines = parseLog(await readFile(join(runsDir, name, "output.log"), "utf8").catch(() => ""));
    if (lines.some(({ session }) => session === key)) return lines;
  }
  return [];
}
