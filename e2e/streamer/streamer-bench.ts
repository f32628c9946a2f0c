import {
  branchOf,
  type InboxMessage,
  type Person,
  type RunFinished,
  type SessionEvent,
  type SessionKey,
  sessionKeyOf,
  type ThreadAddress,
  type WorkerEvent,
} from "@peerbot/contracts";
import { createLogger, loadConfig } from "@peerbot/runtime";
import {
  createSessionEvents,
  createSessionInbox,
  createSessionRuns,
  INBOX_START,
  type SessionEvents,
  type SessionInbox,
  type SessionRuns,
} from "@peerbot/session-log";
import { type TestRedis, temporaryFolder, testRedis } from "@peerbot/testing";
import type { SandboxOverrides } from "../../services/sandbox/src/compose.ts";
import {
  compose as composeSandbox,
  type InjectFault,
  type LedgerCall,
  type PostMessageResult,
  type Sandbox,
  SandboxConfig,
  type Thread,
  type ThreadMessage,
} from "../../services/sandbox/src/index.ts";
import { compose, type Streamer, StreamerConfig, type StreamerOverrides } from "../../services/streamer/src/index.ts";

export const ADA: Person = { team: "T0SANDBOX1", id: "U0ADA00001", name: "Ada" };
export const GENERAL = "C0GENERAL1";
const TOKEN = "xoxb-sandbox";

/** A Slack, a Redis and as many streamers as a test wants; sessions are played by the test. */
export interface StreamerBench extends AsyncDisposable {
  sandbox: Sandbox;
  redis: TestRedis;
  events: SessionEvents;
  inbox: SessionInbox;
  runs: SessionRuns;
  /** Without pace unless told: the stand-in does not count calls unless told, either. */
  startStreamer(settings?: Record<string, string>, overrides?: StreamerOverrides): Promise<Streamer>;
  /** Ada mentions Peerbot in a channel: the first message of a new session. */
  mention(text?: string, options?: { channel?: string }): Promise<PlayedSession>;
  fault(fault: InjectFault): Promise<void>;
  calls(method?: string): Promise<LedgerCall[]>;
}

/** A session whose worker, launcher and person are played by the test. */
export interface PlayedSession {
  key: SessionKey;
  thread: ThreadAddress;
  /** Another message of Ada's in the thread; gives its identity and ts. */
  reply(text: string): Promise<{ id: string; ts: string }>;
  accept(message: Partial<InboxMessage> & Pick<InboxMessage, "kind">): Promise<void>;
  begin(): Promise<void>;
  report(...events: WorkerEvent[]): Promise<void>;
  finish(event?: Partial<RunFinished>): Promise<void>;
  end(event: Omit<Extract<SessionEvent, { type: "run-ended" }>, "type">): Promise<void>;
  /** What people see in the thread. */
  seen(): Promise<Thread>;
  /** Peerbot's messages in the thread. */
  answers(): Promise<ThreadMessage[]>;
  closing(): Promise<ThreadMessage | undefined>;
}

export async function openBench(overrides: SandboxOverrides = {}): Promise<StreamerBench> {
  const opened = new AsyncDisposableStack();
  const redis = opened.use(await testRedis());
  const folder = opened.use(await temporaryFolder());
  const logger = createLogger({ service: "test", level: "silent" });
  const sandboxConfig = SandboxConfig.parse({
    SANDBOX_PORT: "0",
    SANDBOX_DATA_DIR: folder.path,
    SLACK_EVENTS_URL: "http://127.0.0.1:9/nobody-listens",
  });
  const limits = { rateLimits: { isEnabled: false }, retryDelaysMs: [], ...overrides };
  const sandbox = opened.use(await composeSandbox(sandboxConfig, logger, limits));
  const session = { redis: redis.redis, prefix: redis.prefix, retentionSeconds: 600 };
  const events = createSessionEvents(session);
  const inbox = createSessionInbox(session);
  const runs = createSessionRuns(session);

  async function control<Answer>(path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${sandbox.url}/sandbox/${path}`, {
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      headers: body === undefined ? {} : { "content-type": "application/json" },
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
    return answer as Answer;
  }

  async function play(thread: ThreadAddress): Promise<PlayedSession> {
    const key = sessionKeyOf(thread);
    const branch = branchOf(key);
    let epoch = 0;
    let n = 0;
    let attempt = 0;
    const accept: PlayedSession["accept"] = async (message) => {
      const ts = message.ts ?? thread.threadTs;
      const common = { v: 1, id: `${thread.channel}:${ts}`, user: ADA.id, ts, receivedAt: Date.now() } as const;
      await inbox.accept(thread, { ...common, text: "do it", edits: "", ...message } as InboxMessage, undefined);
    };
    const seen = () => control<Thread>(`thread?channel=${thread.channel}&ts=${thread.threadTs}`);
    const answers = async () => (await seen()).messages.filter(({ isBot }) => isBot);
    return {
      key,
      thread,
      accept,
      seen,
      answers,
      async reply(text) {
        const said = await control<PostMessageResult>("messages", {
          user: "ada",
          channel: thread.channel,
          threadTs: thread.threadTs,
          text,
        });
        await accept({ kind: "said", ts: said.ts });
        return { id: `${thread.channel}:${said.ts}`, ts: said.ts };
      },
      async begin() {
        attempt += 1;
        const deadlineAt = Date.now() + 60_000;
        const started = { key, person: ADA, branch, inboxAfter: INBOX_START, attempt, deadlineAt, messageIds: [] };
        const run = await runs.begin(started, { after: epoch });
        if (run === "superseded") throw new Error("the run did not begin");
        epoch = run.epoch;
        n = 0;
        const webUrl = "http://127.0.0.1:1/peerbot-sandbox/user-ada";
        await runs.prepare(key, epoch, { owner: "peerbot-sandbox", name: "user-ada", defaultBranch: "main", webUrl });
      },
      async report(...told) {
        const numbered = told.map((event) => {
          n += 1;
          return { n, event };
        });
        await runs.report(key, epoch, numbered);
      },
      async finish(event = {}) {
        const finished: RunFinished = { type: "finished", outcome: "completed", branch, ...event };
        await runs.finish(key, epoch, { event: finished, handledThrough: INBOX_START, isForced: true });
      },
      async end(event) {
        await runs.end(key, epoch, { event: { type: "run-ended", ...event }, settleThrough: INBOX_START });
      },
      async closing() {
        return (await answers()).find(({ metadata }) => metadata?.event_payload.part === "closing");
      },
    };
  }

  return {
    sandbox,
    redis,
    events,
    inbox,
    runs,
    fault: async (fault) => void (await control("faults", fault)),
    calls: async (method) =>
      (await control<{ calls: LedgerCall[] }>(`ledger${method === undefined ? "" : `?method=${method}`}`)).calls,
    async startStreamer(settings = {}, streamerOverrides = { paceLimits: {} }) {
      const config = loadConfig(StreamerConfig, {
        REDIS_URL: redis.url,
        REDIS_PREFIX: redis.prefix,
        SLACK_BOT_TOKEN: TOKEN,
        SLACK_API_URL: `${sandbox.url}/slack/api`,
        INTERNAL_HOST: "127.0.0.1",
        INTERNAL_PORT: "0",
        ...settings,
      });
      const streamerLogger = createLogger({ service: "streamer", level: process.env.LOG_LEVEL ?? "silent" });
      return opened.use(await compose(config, streamerLogger, streamerOverrides));
    },
    async mention(text = "@peerbot add a health endpoint", { channel = GENERAL } = {}) {
      const said = await control<PostMessageResult>("messages", { user: "ada", channel, text });
      const session = await play({ team: ADA.team, channel: said.channel, threadTs: said.ts });
      await session.accept({ kind: "said" });
      return session;
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
