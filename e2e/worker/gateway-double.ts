import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import {
  type Assignment,
  ConversationSave,
  type ConversationState,
  EventBatch,
  ExchangeRequest,
  FinishRequest,
  type InboxEntry,
  type InboxMessage,
  type Person,
  PullRequestDraft,
  type Repository,
  type RunFinished,
  type SessionKey,
  type StandbyAccepted,
  type StandbyNews,
  type TakenRun,
  type WorkerEvent,
} from "@peerbot/contracts";
import { serveGit } from "./git-backend.ts";

/** A run as the double sees it. */
export interface DoubleRun {
  epoch: number;
  startToken: string;
  runToken: string;
  gitToken: string;
  modelToken: string;
  events: WorkerEvent[];
  finished: RunFinished | undefined;
  handledThrough: string | undefined;
}

export interface GatewayDoubleOptions {
  sessionKey: SessionKey;
  person: Person;
  repository: Repository;
  branch: string;
  /** Folder of `{owner}/{name}.git`. */
  gitRoot: string;
  /** The Claude API behind the gateway, and its key. */
  claudeUrl: string;
  claudeKey: string;
}

/**
 * The gateway as the contract describes it, for one session, in memory: tokens, fencing, compare-and-set, long polls,
 * a git proxy over a real repository and a model proxy.
 */
export class GatewayDouble implements AsyncDisposable {
  readonly inbox: InboxEntry[] = [];
  readonly pullRequests: PullRequestDraft[] = [];
  readonly runs: DoubleRun[] = [];
  /** Runs before a push is served: a person who pushes in between. */
  beforePush: () => Promise<void> = async () => {};
  /** Runs before the conversation is handed out. */
  beforeConversation: () => Promise<void> = async () => {};
  /** Runs before a conversation is saved. */
  beforeSave: () => Promise<void> = async () => {};
  /** Runs before a request goes on to the model. */
  beforeModel: () => Promise<void> = async () => {};
  /** What the agent sent to the model. */
  readonly modelBodies: string[] = [];
  conversation: { generation: string; state: ConversationState } | undefined;
  /** Answers this many event batches with 503 first. */
  refuseEventBatches = 0;
  /** Answers this many git requests with 503 first. */
  refuseGitRequests = 0;
  /** Answers this many pushes with 503 first, once all of them has come. */
  refusePushes = 0;
  /** The status that opening a pull request is refused with, with a code of the gateway's own. */
  refusePullRequests: number | undefined;
  /** What a worker that waits is told, and until when it is to wait. */
  standby: StandbyNews["status"] = "waiting";
  waitUntil = Date.now() + 600_000;
  /** Breaks this many answers with a run off first. */
  loseTakes = 0;
  readonly #options: GatewayDoubleOptions;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #deadlineAt = 0;
  #claimant: string | undefined;
  #generation = 0;

  constructor(options: GatewayDoubleOptions) {
    this.#options = options;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the gateway double does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  /** The latest run. */
  get run(): DoubleRun {
    const run = this.runs.at(-1);
    if (run === undefined) throw new Error("no run has begun");
    return run;
  }

  /** Begins a run; the runs before it are fenced off. */
  beginRun({ seconds = 600 }: { seconds?: number } = {}): DoubleRun {
    const epoch = this.runs.length + 1;
    this.#deadlineAt = Date.now() + seconds * 1000;
    const run = {
      epoch,
      startToken: `start-${epoch}-secret`,
      runToken: `run-${epoch}-secret`,
      gitToken: `git-${epoch}-secret`,
      modelToken: `model-${epoch}-secret`,
      events: [],
      finished: undefined,
      handledThrough: undefined,
    };
    this.runs.push(run);
    return run;
  }

  /** Somebody does something in the thread. */
  receive(message: Partial<InboxMessage> & { text?: string; edits?: string }): InboxEntry {
    const number = this.inbox.length + 1;
    const ts = `1700000000.00000${number}`;
    const entry = {
      inboxId: `1700000000000-${number}`,
      message: { v: 1, id: `C1:${ts}`, user: "U1", ts, receivedAt: Date.now(), kind: "said", ...message },
    } as InboxEntry;
    this.inbox.push(entry);
    return entry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? "";
    if (url.startsWith("/git/")) return this.#answerGit(request, response, url.slice("/git".length));
    if (url.startsWith("/anthropic/")) return this.#answerModel(request, response, url.slice("/anthropic".length));
    const body = await bodyOf(request);
    const { status, json } = await this.#answerCall(request, new URL(url, this.url), body);
    if (["/v1/exchange", "/v1/standby/take"].includes(url) && this.loseTakes > 0) {
      this.loseTakes -= 1;
      request.socket.destroy();
      return;
    }
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(json));
  }

  async #answerCall(request: IncomingMessage, url: URL, body: string): Promise<{ status: number; json: unknown }> {
    const route = `${request.method} ${url.pathname}`;
    if (route === "POST /v1/exchange") return this.#exchange(ExchangeRequest.parse(JSON.parse(body)));
    if (url.pathname.startsWith("/v1/standby")) return this.#answerStandby(request, url, body);
    const run = this.runs.find(({ runToken }) => request.headers.authorization === `Bearer ${runToken}`);
    if (run === undefined) return refuse(401, "token-invalid");
    if (run !== this.run || (run.finished !== undefined && route !== "POST /v1/finish")) return refuse(409, "fenced");
    const { repository } = this.#options;
    switch (route) {
      case "GET /v1/assignment":
        return ok(this.#assignment(run));
      case "GET /v1/inbox":
        return ok({ entries: await this.#poll(request, url.searchParams) });
      case "POST /v1/events":
        return this.#takeEvents(run, EventBatch.parse(JSON.parse(body)));
      case "GET /v1/conversation":
        await this.beforeConversation();
        return ok(this.conversation ?? { generation: null, state: null });
      case "PUT /v1/conversation":
        await this.beforeSave();
        return this.#save(ConversationSave.parse(JSON.parse(body)));
      case "POST /v1/pull-request":
        if (this.refusePullRequests !== undefined) return refuse(this.refusePullRequests, "github-forbidden");
        this.pullRequests.push(PullRequestDraft.parse(JSON.parse(body)));
        return ok({ number: 1, url: `${repository.webUrl}/pull/1` });
      case "POST /v1/finish":
        return this.#finish(run, FinishRequest.parse(JSON.parse(body)));
      default:
        return refuse(404, "not-found");
    }
  }

  #assignment({ epoch }: DoubleRun): Assignment {
    const { sessionKey, person, repository, branch } = this.#options;
    const inboxAfter = this.runs.at(-2)?.handledThrough ?? "0-0";
    return { v: 1, sessionKey, epoch, person, repository, branch, inboxAfter, deadlineAt: this.#deadlineAt };
  }

  async #answerStandby(request: IncomingMessage, url: URL, body: string): Promise<{ status: number; json: unknown }> {
    if (url.pathname === "/v1/standby") {
      if (JSON.parse(body).standbyToken !== "standby-secret") return refuse(409, "standby-over");
      return ok({ waitingToken: "waiting-secret", waitUntil: this.waitUntil } satisfies StandbyAccepted);
    }
    if (request.headers.authorization !== "Bearer waiting-secret") return refuse(401, "token-invalid");
    if (url.pathname === "/v1/standby/take") {
      if (this.standby !== "offered") return refuse(409, "standby-over");
      const { runToken, gitToken, modelToken } = this.run;
      const tokens = { runToken, gitToken, modelToken };
      return ok({ tokens, assignment: this.#assignment(this.run) } satisfies TakenRun);
    }
    const until = Date.now() + Number(url.searchParams.get("waitSeconds")) * 1000;
    while (this.standby === "waiting" && Date.now() < until && !request.socket.destroyed) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return ok({ status: this.standby } satisfies StandbyNews);
  }

  #exchange({ startToken, claimant }: ExchangeRequest): { status: number; json: unknown } {
    const isAgain = claimant !== undefined && claimant === this.#claimant;
    if (!isAgain && startToken !== this.run.startToken) return refuse(409, "start-token-used");
    this.#claimant = claimant;
    this.run.startToken = "";
    const { runToken, gitToken, modelToken } = this.run;
    return ok({ runToken, gitToken, modelToken });
  }

  async #poll(request: IncomingMessage, query: URLSearchParams): Promise<InboxEntry[]> {
    const until = Date.now() + Number(query.get("waitSeconds")) * 1000;
    for (;;) {
      const after = Number(query.get("after")?.split("-")[1]);
      const entries = this.inbox.filter(({ inboxId }) => Number(inboxId.split("-")[1]) > after);
      if (entries.length > 0 || Date.now() >= until || request.socket.destroyed) return entries;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #takeEvents(run: DoubleRun, { events }: EventBatch): { status: number; json: unknown } {
    if (this.refuseEventBatches > 0) {
      this.refuseEventBatches -= 1;
      return refuse(503, "redis-away");
    }
    for (const { n, event } of events) {
      if (n === run.events.length + 1) run.events.push(event);
    }
    return ok({ lastN: run.events.length });
  }

  #save({ ifGeneration, state }: ConversationSave): { status: number; json: unknown } {
    if (ifGeneration !== (this.conversation?.generation ?? null)) return refuse(412, "conversation-conflict");
    this.conversation = { generation: String(++this.#generation), state };
    return ok({ generation: this.conversation.generation });
  }

  #finish(run: DoubleRun, { event, handledThrough, isForced }: FinishRequest): { status: number; json: unknown } {
    const hasMore = this.inbox.some(
      ({ inboxId }) => Number(inboxId.split("-")[1]) > Number(handledThrough.split("-")[1]),
    );
    if (hasMore && !isForced) return ok({ status: "more-messages" });
    run.finished = event;
    run.handledThrough = handledThrough;
    return ok({ status: "finished" });
  }

  async #answerGit(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const basic = Buffer.from(`x-access-token:${this.run.gitToken}`).toString("base64");
    if (request.headers.authorization !== `Basic ${basic}`) {
      response.writeHead(401, { "www-authenticate": "Basic" }).end();
      return;
    }
    if (this.refuseGitRequests > 0) {
      this.refuseGitRequests -= 1;
      response.writeHead(503).end();
      return;
    }
    if (path.endsWith("/git-receive-pack")) {
      await this.beforePush();
      if (this.refusePushes > 0) {
        this.refusePushes -= 1;
        request.resume().on("end", () => response.writeHead(503).end());
        return;
      }
    }
    serveGit(this.#options.gitRoot, path, request, response);
  }

  async #answerModel(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    await this.beforeModel();
    const isFenced = request.headers["x-api-key"] !== this.run.modelToken;
    const { host: _host, ...headers } = request.headers;
    const key = isFenced ? "refused" : this.#options.claudeKey;
    const forwarded = httpRequest(`${this.#options.claudeUrl}${path}`, {
      method: request.method ?? "GET",
      headers: { ...headers, "x-api-key": key },
    });
    forwarded.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    });
    forwarded.on("error", () => response.destroy());
    response.on("close", () => forwarded.destroy());
    const body: Buffer[] = [];
    request.on("data", (chunk: Buffer) => body.push(chunk));
    request.on("end", () => this.modelBodies.push(Buffer.concat(body).toString("utf8")));
    request.pipe(forwarded);
  }
}

function ok(json: unknown) {
  return { status: 200, json };
}

function refuse(status: number, code: string) {
  return { status, json: { error: { code, message: `refused: ${code}` } } };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
