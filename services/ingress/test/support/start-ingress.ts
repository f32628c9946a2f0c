import { createHmac } from "node:crypto";
import type { Notice } from "@peerbot/contracts";
import { createLogger, loadConfig } from "@peerbot/runtime";
import { createSessionInbox, INBOX_START } from "@peerbot/session-log";
import { createNoticeQueue, createSessionQueue } from "@peerbot/session-queue";
import { testRedis, until } from "@peerbot/testing";
import { Redis } from "ioredis";
import { compose, IngressConfig } from "../../src/index.ts";
import { keyOf } from "./payloads.ts";
import { type SlackStandIn, startSlack } from "./slack-stand-in.ts";

export const SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const logger = createLogger({ service: "ingress", level: "silent" });

export interface SendOptions {
  path?: string;
  /** Header fields instead of, or beside, the right ones. */
  headers?: Record<string, string>;
  /** Seconds since 1970; now, unless told. */
  timestamp?: number;
  secret?: string;
}

/** Everything the ingress needs for one test file, with eyes on what it wrote. */
export class IngressHarness implements AsyncDisposable {
  readonly slack: SlackStandIn;
  readonly redis: Redis;
  readonly prefix: string;
  readonly redisUrl: string;
  readonly stack: AsyncDisposableStack;

  /** Works on the tests' shared Redis unless given one of its own. */
  static async create({ redisUrl }: { redisUrl?: string } = {}): Promise<IngressHarness> {
    const stack = new AsyncDisposableStack();
    const slack = stack.use(await startSlack());
    if (redisUrl === undefined) {
      const { redis, prefix, url } = stack.use(await testRedis());
      return new IngressHarness(stack, slack, redis, prefix, url);
    }
    const redis = stack.adopt(new Redis(redisUrl, { lazyConnect: true }), async (each) => each.disconnect());
    redis.on("error", () => {}); // It is taken away on purpose.
    return new IngressHarness(stack, slack, redis, "test", redisUrl);
  }

  private constructor(
    stack: AsyncDisposableStack,
    slack: SlackStandIn,
    redis: Redis,
    prefix: string,
    redisUrl: string,
  ) {
    this.stack = stack;
    this.slack = slack;
    this.redis = redis;
    this.prefix = prefix;
    this.redisUrl = redisUrl;
  }

  /** Starts one replica, and waits until it is ready unless told not to. */
  async start(settings: Record<string, string> = {}, { waitUntilReady = true } = {}) {
    const config = loadConfig(IngressConfig, {
      ...{ REDIS_URL: this.redisUrl, REDIS_PREFIX: this.prefix, SLACK_API_URL: this.slack.apiUrl },
      ...{ INGRESS_HOST: "127.0.0.1", INGRESS_PORT: "0", INTERNAL_HOST: "127.0.0.1", INTERNAL_PORT: "0" },
      ...{ SLACK_BOT_TOKEN: "xoxb-test", SLACK_SIGNING_SECRET: SIGNING_SECRET, SLACK_APP_TOKEN: "xapp-test" },
      ...settings,
    });
    const ingress = this.stack.use(await compose(config, logger));
    if (waitUntilReady) await until(() => isReady(ingress.internalPort), { what: "the ingress to be ready" });
    return ingress;
  }

  /** The texts, or kinds, in a thread's inbox. */
  async inbox(threadTs: string, channel?: string) {
    const inbox = createSessionInbox({ redis: this.redis, prefix: this.prefix, retentionSeconds: 60 });
    const entries = await inbox.entriesAfter(keyOf(threadTs, channel), INBOX_START);
    return entries.map(({ message }) => message);
  }

  /** Whom a thread's session works for. */
  async owner(threadTs: string): Promise<string | undefined> {
    const inbox = createSessionInbox({ redis: this.redis, prefix: this.prefix, retentionSeconds: 60 });
    return (await inbox.session(keyOf(threadTs)))?.owner;
  }

  /** Session keys with a job in the queue. */
  async queued(): Promise<string[]> {
    await using queue = createSessionQueue({ connection: this.redis, prefix: this.prefix });
    return (await queue.queue.getJobs(["prioritized", "delayed"])).map((job) => job.data.sessionKey);
  }

  async notices(): Promise<Notice[]> {
    await using notices = createNoticeQueue({ connection: this.redis, prefix: this.prefix });
    return (await notices.queue.getJobs(["waiting"])).map((job) => job.data);
  }

  async [Symbol.asyncDispose]() {
    await this.stack.disposeAsync();
  }
}

export async function isReady(internalPort: number): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${internalPort}/ready`)).ok;
}

/** Posts a body as Slack does: events as JSON, interactions (`block_actions`) as a form. */
export async function post(ingress: { port: number | undefined }, body: object | string, options: SendOptions = {}) {
  const isInteraction = typeof body === "object" && "type" in body && body.type === "block_actions";
  const json = typeof body === "string" ? body : JSON.stringify(body);
  const raw = isInteraction ? new URLSearchParams({ payload: json }).toString() : json;
  const {
    path = isInteraction ? "/slack/interactive" : "/slack/events",
    headers = {},
    secret = SIGNING_SECRET,
  } = options;
  const timestamp = String(options.timestamp ?? Math.floor(Date.now() / 1000));
  const response = await fetch(`http://127.0.0.1:${ingress.port}${path}`, {
    method: "POST",
    body: raw,
    headers: {
      "content-type": isInteraction ? "application/x-www-form-urlencoded" : "application/json",
      "x-slack-request-timestamp": timestamp,
      "x-slack-signature": `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${raw}`).digest("hex")}`,
      ...headers,
    },
  });
  const text = await response.text();
  return { status: response.status, text, noRetry: response.headers.get("x-slack-no-retry") };
}
