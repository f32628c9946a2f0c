import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type InboxMessage,
  type RunOptions,
  runNameOf,
  type SessionEvent,
  type SessionKey,
  sessionKeyOf,
  type ThreadAddress,
} from "@peerbot/contracts";
import { createLogger, loadConfig } from "@peerbot/runtime";
import { createSessionEvents, createSessionInbox, createSessionRuns, createSessionWaits } from "@peerbot/session-log";
import { createSessionQueue } from "@peerbot/session-queue";
import { type TestRedis, temporaryFolder, testRedis, until } from "@peerbot/testing";
import { createWarmPool } from "@peerbot/warm-pool";
import { compose, type Launcher, LauncherConfig, type LauncherOverrides } from "../src/index.ts";
import { createProcessRunner } from "../src/runner/process/process-runner.ts";
import { memoryGitHost, nameless } from "./doubles.ts";
import { openGatewayDouble } from "./gateway-double.ts";

const SECRET = "a-secret-of-at-least-thirty-two-characters";
const WORKER = fileURLToPath(new URL("./programs/worker.mjs", import.meta.url));
let made = 0;

/** A thread nobody has written to yet. */
export function aThread(): ThreadAddress {
  made += 1;
  return { team: "T1", channel: "C0LAUNCH", threadTs: `1700000000.${String(made).padStart(6, "0")}` };
}

interface Writing {
  user?: string;
  receivedAt?: number;
  isEnqueued?: boolean;
  options?: RunOptions;
}

/** Launchers on a real Redis (the given one, or a corner of the shared one) with real worker processes, and people who write in threads. */
export async function openScene(given?: TestRedis, { host = "127.0.0.1" }: { host?: string } = {}) {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await temporaryFolder());
  const corner = parts.use(given ?? (await testRedis()));
  const { redis, prefix, url } = corner;
  const log = { redis, prefix, retentionSeconds: 3600 };
  const [inbox, runs, events] = [createSessionInbox(log), createSessionRuns(log), createSessionEvents(log)];
  const waits = createSessionWaits(log);
  const pool = createWarmPool({ redis, prefix });
  const queue = parts.use(createSessionQueue({ connection: redis, prefix }));
  const gateway = parts.use(await openGatewayDouble({ runs, pool, host }, SECRET));
  const gitHost = memoryGitHost();
  const launchers: (() => Promise<void>)[] = [];
  const runsDir = join(folder.path, "runs");
  const logger = createLogger({ service: "launcher", level: "fatal" });
  const runner = createProcessRunner({
    directory: runsDir,
    command: [process.execPath, WORKER],
    searchPath: process.env.PATH ?? "",
    logger,
  });
  parts.defer(async () => {
    for (const dispose of launchers) await dispose();
    for (const name of await runner.list()) await runner.remove(name);
  });

  const environment = (changes: Record<string, string> = {}) => ({
    REDIS_URL: url,
    REDIS_PREFIX: prefix,
    INTERNAL_HOST: "127.0.0.1",
    INTERNAL_PORT: "0",
    RUNS_DIR: runsDir,
    WORKER_MAIN: WORKER,
    PATH: process.env.PATH,
    GATEWAY_URL: gateway.url,
    TOKEN_SECRET: SECRET,
    STOP_GRACE_SECONDS: "1",
    GITHUB_TOKEN: "github-token",
    GITHUB_ORGANIZATION: "acme",
    SLACK_BOT_TOKEN: "xoxb-token",
    BULL_BOARD_PASSWORD: "open sesame",
    ...changes,
  });

  async function startLauncher(
    changes: Record<string, string> = {},
    overrides: LauncherOverrides = {},
  ): Promise<Launcher> {
    const config = loadConfig(LauncherConfig, environment(changes));
    const launcher = await compose(config, logger, { gitHost, users: nameless, ...overrides });
    let isOver = false;
    const dispose = async () => {
      if (!isOver) await launcher[Symbol.asyncDispose]();
      isOver = true;
    };
    launchers.push(dispose);
    return { ...launcher, [Symbol.asyncDispose]: dispose };
  }

  /** Somebody does something in a thread; what ingress does then. */
  async function write(
    thread: ThreadAddress,
    kind: Exclude<InboxMessage["kind"], "edited"> = "said",
    { user = "U1ADA", receivedAt = Date.now(), isEnqueued = true, options }: Writing = {},
  ): Promise<string> {
    made += 1;
    const common = { v: 1 as const, id: `C0LAUNCH:${made}`, user, ts: `1700000001.${made}`, receivedAt };
    const message = kind === "said" ? { ...common, kind, text: "do it", options } : { ...common, kind };
    await inbox.accept(thread, message, undefined);
    if (isEnqueued) await queue.enqueue(sessionKeyOf(thread), { person: { team: thread.team, user } });
    return common.id;
  }

  const eventsOf = async (thread: ThreadAddress): Promise<(SessionEvent | undefined)[]> =>
    (await events.read(sessionKeyOf(thread), { afterSeq: 0 })).map(({ event }) => event);

  const all = parts.move();
  return {
    ...{ redis, prefix, inbox, runs, events, waits, pool, queue, gateway, gitHost, runner },
    ...{ folder: folder.path, environment, startLauncher, write, eventsOf },
    typesOf: async (thread: ThreadAddress) => (await eventsOf(thread)).map((event) => event?.type),
    /** Waits for the first event of a type and gives it. */
    event: <Type extends SessionEvent["type"]>(thread: ThreadAddress, type: Type, count = 1) =>
      until(
        async () => {
          const ofType = (event: SessionEvent | undefined): event is Extract<SessionEvent, { type: Type }> =>
            event?.type === type;
          return (await eventsOf(thread)).filter(ofType)[count - 1];
        },
        { what: `the ${type} event number ${count}`, timeoutMs: 10_000 },
      ),
    /** Waits until nothing is left to do for a session. */
    untilQuiet: (thread: ThreadAddress) =>
      until(async () => !(await queue.hasJob(sessionKeyOf(thread))), { what: "the session to be quiet" }),
    nameOf: (arrival: { sessionKey: SessionKey; epoch: number }) => runNameOf(arrival.sessionKey, arrival.epoch),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

export type Scene = Awaited<ReturnType<typeof openScene>>;
