import { createHash, randomInt } from "node:crypto";
import {
  branchOf,
  type InboxMessage,
  type Repository,
  type RunRecord,
  type RunTokenKind,
  type SessionKey,
  sessionKeyOf,
  signRunToken,
  type ThreadAddress,
} from "@peerbot/contracts";
import { createLogger, loadConfig } from "@peerbot/runtime";
import {
  createSessionEvents,
  createSessionInbox,
  createSessionRuns,
  type SessionEvents,
  type SessionInbox,
  type SessionRuns,
} from "@peerbot/session-log";
import { type TestRedis, temporaryFolder, testRedis } from "@peerbot/testing";
import { compose, type Gateway, GatewayConfig } from "../../src/index.ts";
import { type ClaudeDouble, startClaudeDouble } from "./claude-double.ts";
import { type GitHostDouble, startGitHostDouble } from "./git-host-double.ts";

export const SECRETS = {
  tokenSecret: "a-secret-for-tests-of-more-than-32-characters",
  anthropicKey: "sk-ant-real-key-of-the-installation",
  githubToken: "ghp-real-token-of-the-installation",
};

/** A session with a live run, and what its worker would hold. */
export interface TestRun {
  key: SessionKey;
  thread: ThreadAddress;
  record: RunRecord;
  repository: Repository;
  startToken: string;
  runToken: string;
  gitToken: string;
  modelToken: string;
}

export interface GatewayUnderTest extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly url: string;
  readonly redis: TestRedis;
  readonly runs: SessionRuns;
  readonly inbox: SessionInbox;
  readonly events: SessionEvents;
  readonly claude: ClaudeDouble;
  readonly host: GitHostDouble;
  /** A run of a new session, ready for its worker. */
  beginRun(options?: { deadlineAt?: number; isPrepared?: boolean }): Promise<TestRun>;
  /** Begins a newer run of the same session: the older one is fenced from then on. */
  supersede(run: TestRun): Promise<TestRun>;
  say(run: Pick<TestRun, "thread">, text: string): Promise<void>;
  call(method: string, path: string, options?: { token?: string; body?: unknown }): Promise<Answer>;
  metrics(): Promise<string>;
  /** Scripts Redis has run so far: a poll of the inbox runs one before it waits. */
  scriptsRun(): Promise<number>;
  /** How often Redis has run a command; comparing the epoch runs `hmget`. */
  commandsRun(command: string): Promise<number>;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed when it is JSON, else text. */
  body: unknown;
}

/** The gateway as `main` would build it, with its own Redis prefix, folder and ports, and stand-ins behind it. */
export async function startGateway(settings: Record<string, string> = {}): Promise<GatewayUnderTest> {
  await using starting = new AsyncDisposableStack();
  const redis = starting.use(await testRedis());
  const folder = starting.use(await temporaryFolder());
  const claude = starting.use(await startClaudeDouble());
  const host = starting.use(
    await startGitHostDouble({ root: `${folder.path}/repositories`, token: SECRETS.githubToken }),
  );
  const config = loadConfig(GatewayConfig, {
    LOG_LEVEL: "fatal",
    REDIS_URL: redis.url,
    REDIS_PREFIX: redis.prefix,
    GATEWAY_HOST: "127.0.0.1",
    GATEWAY_PORT: "0",
    INTERNAL_HOST: "127.0.0.1",
    INTERNAL_PORT: "0",
    TOKEN_SECRET: SECRETS.tokenSecret,
    ANTHROPIC_API_KEY: SECRETS.anthropicKey,
    ANTHROPIC_BASE_URL: claude.url,
    GITHUB_TOKEN: SECRETS.githubToken,
    GITHUB_ORGANIZATION: "acme",
    GITHUB_API_URL: `${host.url}/api`,
    GITHUB_GIT_URL: host.url,
    CONVERSATION_DIRECTORY: `${folder.path}/conversations`,
    ...settings,
  });
  const gateway = starting.use(await compose(config, createLogger({ service: "gateway", level: config.LOG_LEVEL })));
  const url = `http://127.0.0.1:${gateway.port}`;
  const log = { redis: redis.redis, prefix: redis.prefix, retentionSeconds: 3600 };
  const runs = createSessionRuns(log);
  const inbox = createSessionInbox(log);
  const running = starting.move();

  async function commandsRun(command: string): Promise<number> {
    const stats = await redis.redis.info("commandstats");
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  }

  async function begin(thread: ThreadAddress, after: number, deadlineAt: number, repository: Repository | undefined) {
    const key = sessionKeyOf(thread);
    const person = { team: thread.team, id: "U1", name: "Ada" };
    const run = { key, person, branch: branchOf(key), inboxAfter: "0-0", attempt: 1, deadlineAt, messageIds: [] };
    const record = await runs.begin(run, { after });
    if (record === "superseded") throw new Error("another run began meanwhile");
    if (repository !== undefined) await runs.prepare(key, record.epoch, repository);
    const sign = (kind: RunTokenKind) =>
      signRunToken(
        { kind, sessionKey: key, epoch: record.epoch },
        { secret: SECRETS.tokenSecret, expiresAt: Date.now() + 60_000 },
      );
    const tokens = {
      startToken: await sign("start"),
      runToken: await sign("run"),
      gitToken: await sign("git"),
      modelToken: await sign("model"),
    };
    return { key, thread, record, repository: repository ?? repositoryOf(key), ...tokens };
  }

  return {
    gateway,
    url,
    redis,
    runs,
    inbox,
    events: createSessionEvents(log),
    claude,
    host,
    async beginRun({ deadlineAt = Date.now() + 60_000, isPrepared = true } = {}) {
      const thread = { team: "T1", channel: "C1", threadTs: `${randomInt(1e9, 2e9)}.${randomInt(1e5, 1e6)}` };
      return begin(thread, 0, deadlineAt, isPrepared ? repositoryOf(sessionKeyOf(thread)) : undefined);
    },
    supersede: ({ thread, record, repository }) => begin(thread, record.epoch, Date.now() + 60_000, repository),
    async say({ thread }, said) {
      const ts = `${Date.now() / 1000}`;
      const id = `${thread.channel}:${createHash("sha1").update(`${said}${ts}`).digest("hex")}`;
      const message: InboxMessage = { v: 1, kind: "said", id, user: "U1", ts, receivedAt: Date.now(), text: said };
      await inbox.accept(thread, message, undefined);
    },
    async call(method, path, { token, body } = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const content = await response.text();
      const isJson = response.headers.get("content-type")?.startsWith("application/json");
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(content) : content };
    },
    async metrics() {
      return (await fetch(`http://127.0.0.1:${gateway.internalPort}/metrics`)).text();
    },
    scriptsRun: () => commandsRun("evalsha"),
    commandsRun,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function repositoryOf(key: SessionKey): Repository {
  const name = `user-${key}`;
  return { owner: "acme", name, defaultBranch: "main", webUrl: `https://github.example/acme/${name}` };
}
