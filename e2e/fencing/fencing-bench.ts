import { join } from "node:path";
import {
  branchOf,
  ExchangeResponse,
  type InboxEntry,
  type Repository,
  type RunRecord,
  type SessionKey,
  sessionKeyOf,
  signRunToken,
} from "@peerbot/contracts";
import { createLogger, loadConfig } from "@peerbot/runtime";
import { createSessionEvents, createSessionInbox, createSessionRuns, type SessionEvents } from "@peerbot/session-log";
import { temporaryFolder, testRedis, until } from "@peerbot/testing";
import { execa } from "execa";
import { compose as composeGateway, GatewayConfig } from "../../services/gateway/src/index.ts";
import { compose as composeSandbox, type Sandbox, SandboxConfig } from "../../services/sandbox/src/index.ts";
import { spawnWorker, type WorkerProcess } from "../worker/worker-bench.ts";

const SECRET = "a-secret-for-tests-of-more-than-32-characters";
const GITHUB_TOKEN = "ghp_sandbox";
const THREAD = { team: "T1", channel: "C1", threadTs: "1700000000.000001" };
const ADA = { team: "T1", id: "U1", name: "Ada" };

/** What a worker holds after it has shown its start token. */
export interface Hands {
  readonly run: RunRecord;
  call(method: string, path: string, body?: unknown): Promise<{ status: number; code: string | undefined }>;
  askModel(): Promise<{ status: number }>;
  /** Commits something and pushes the session branch; gives git's exit code and words. */
  push(): Promise<{ exitCode: number | undefined; words: string }>;
}

/** One session with a real gateway, Redis, Git host, model API and bucket, and as many runs of it as a test begins. */
export interface FencingBench extends AsyncDisposable {
  readonly key: SessionKey;
  readonly branch: string;
  readonly sandbox: Sandbox;
  readonly events: SessionEvents;
  say(text: string): Promise<InboxEntry>;
  /** Begins a run, whatever older one lives. */
  begin(options?: { inboxAfter?: string }): Promise<RunRecord>;
  startTokenOf(run: RunRecord): Promise<string>;
  exchange(startToken: string): Promise<Response>;
  takeUp(run: RunRecord): Promise<Hands>;
  startWorker(run: RunRecord): Promise<WorkerProcess>;
  /** Files on the session branch; none when there is no branch. */
  files(): Promise<string[]>;
}

export async function openFencingBench(): Promise<FencingBench> {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await temporaryFolder());
  const { redis, prefix, url } = opening.use(await testRedis());
  const logger = createLogger({ service: "test", level: "silent" });
  const sandboxSettings = { SANDBOX_PORT: "0", SANDBOX_DATA_DIR: join(folder.path, "sandbox"), GITHUB_TOKEN };
  const sandbox = opening.use(await composeSandbox(loadConfig(SandboxConfig, sandboxSettings), logger));
  const gatewaySettings = {
    ...{ REDIS_URL: url, REDIS_PREFIX: prefix, TOKEN_SECRET: SECRET },
    ...{ GATEWAY_HOST: "127.0.0.1", GATEWAY_PORT: "0", INTERNAL_HOST: "127.0.0.1", INTERNAL_PORT: "0" },
    ...{ ANTHROPIC_API_KEY: "sk-ant-sandbox", ANTHROPIC_BASE_URL: `${sandbox.url}/anthropic` },
    ...{ GITHUB_TOKEN, GITHUB_ORGANIZATION: "peerbot-sandbox" },
    ...{ GITHUB_API_URL: `${sandbox.url}/github/api`, GITHUB_GIT_URL: `${sandbox.url}/github/git` },
    ...{ GCS_BUCKET: "peerbot-sandbox", GCS_API_ENDPOINT: sandbox.url },
  };
  const gateway = opening.use(await composeGateway(loadConfig(GatewayConfig, gatewaySettings), logger));
  const gatewayUrl = `http://127.0.0.1:${gateway.port}`;

  const log = { redis, prefix, retentionSeconds: 600 };
  const [inbox, runs, events] = [createSessionInbox(log), createSessionRuns(log), createSessionEvents(log)];
  const key = sessionKeyOf(THREAD);
  const branch = branchOf(key);
  const repository = await createRepository(sandbox);
  const workers: WorkerProcess[] = [];
  opening.defer(async () => {
    for (const { child } of workers) if (child.exitCode === null) child.kill("SIGKILL");
    const isOver = ({ child }: WorkerProcess) => child.exitCode !== null || child.signalCode !== null;
    await until(() => workers.every(isOver), { what: "all workers to be gone" });
  });
  let said = 0;

  const startTokenOf = ({ epoch, deadlineAt }: RunRecord) =>
    signRunToken({ kind: "start", sessionKey: key, epoch }, { secret: SECRET, expiresAt: deadlineAt });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}, method = "POST") =>
    fetch(`${gatewayUrl}${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const exchange = (startToken: string) => post("/v1/exchange", { startToken });

  async function takeUp(run: RunRecord): Promise<Hands> {
    const answer = await exchange(await startTokenOf(run));
    const { runToken, gitToken, modelToken } = ExchangeResponse.parse(await answer.json());
    return {
      run,
      async call(method, path, body) {
        const response = await post(path, body, { authorization: `Bearer ${runToken}` }, method);
        const text = await response.text();
        return { status: response.status, code: (JSON.parse(text) as { error?: { code: string } }).error?.code };
      },
      async askModel() {
        const messages = [{ role: "user", content: "what is here?" }];
        const body = { model: "claude-sonnet-4-5", max_tokens: 100, messages };
        const response = await post("/anthropic/v1/messages", body, {
          "x-api-key": modelToken,
          "anthropic-version": "2023-06-01",
        });
        await response.text();
        return { status: response.status };
      },
      async push() {
        const clone = join(folder.path, `clone-of-${run.epoch}`);
        const env = { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
        const git = (...args: string[]) =>
          execa("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", ...args], {
            env,
            reject: false,
            all: true,
          });
        // Cloned from the host itself: an old run would not even get that far.
        const open = `http://x-access-token:${GITHUB_TOKEN}@${sandbox.url.slice("http://".length)}/github/git`;
        await git("clone", "--quiet", `${open}/${repository.owner}/${repository.name}.git`, clone);
        await git("-C", clone, "commit", "--quiet", "--allow-empty", "-m", `work of run ${run.epoch}`);
        const guarded = `http://peerbot:${gitToken}@127.0.0.1:${gateway.port}/git/${repository.owner}/${repository.name}.git`;
        const { exitCode, all } = await git("-C", clone, "push", guarded, `HEAD:refs/heads/${branch}`);
        return { exitCode, words: all ?? "" };
      },
    };
  }

  const open = opening.move();
  return {
    key,
    branch,
    sandbox,
    events,
    startTokenOf,
    exchange,
    takeUp,
    async say(text) {
      said += 1;
      const ts = `1700000001.${String(said).padStart(6, "0")}`;
      const message = { v: 1, kind: "said", id: `C1:${ts}`, user: ADA.id, ts, receivedAt: Date.now(), text } as const;
      await inbox.accept(THREAD, message, undefined);
      const entry = (await inbox.pending(key)).at(-1);
      if (entry === undefined) throw new Error("what was said is in the inbox");
      return entry;
    },
    async begin({ inboxAfter = "0-0" } = {}) {
      const after = (await runs.current(key))?.epoch ?? 0;
      const deadlineAt = Date.now() + 60_000;
      const run = { key, person: ADA, branch, inboxAfter, attempt: 1, deadlineAt, messageIds: [] };
      const record = await runs.begin(run, { after });
      if (record === "superseded") throw new Error("another run began meanwhile");
      await runs.prepare(key, record.epoch, repository);
      return record;
    },
    async startWorker(run) {
      const env = { GATEWAY_URL: gatewayUrl, START_TOKEN: await startTokenOf(run) };
      const worker = spawnWorker(join(folder.path, `worker-${workers.length + 1}`), env);
      workers.push(worker);
      return worker;
    },
    async files() {
      const { owner, name } = repository;
      const address = `${sandbox.url}/github/api/repos/${owner}/${name}/git/trees/${encodeURIComponent(branch)}`;
      const response = await fetch(address, { headers: { authorization: `Bearer ${GITHUB_TOKEN}` } });
      if (!response.ok) return [];
      return ((await response.json()) as { tree: { path: string }[] }).tree.map(({ path }) => path);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function createRepository({ url }: Sandbox): Promise<Repository> {
  const response = await fetch(`${url}/github/api/orgs/peerbot-sandbox/repos`, {
    method: "POST",
    headers: { authorization: `Bearer ${GITHUB_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "user-ada", private: true, auto_init: true }),
  });
  if (response.status !== 201) throw new Error(`the repository was not created: ${await response.text()}`);
  return {
    owner: "peerbot-sandbox",
    name: "user-ada",
    defaultBranch: "main",
    webUrl: `${url}/peerbot-sandbox/user-ada`,
  };
}
