import { temporaryFolder } from "@peerbot/testing";
import { type Logger, LogLevel, WebClient, type WebClientOptions } from "@slack/web-api";
import fastify from "fastify";
import type { PostMessage, PostMessageResult, Thread, ThreadMessage } from "../src/control/api.ts";
import { registerControl } from "../src/control/index.ts";
import { registerSlack, type SlackStandIn, type SlackStandInOptions } from "../src/slack/stand-in.ts";

export const BOT_TOKEN = "xoxb-test";
export const APP_TOKEN = "xapp-test";
export const SIGNING_SECRET = "test-signing-secret";

/** Refused calls are what most tests are about; the client would print each. */
const silence = () => {};
const SILENT: Logger = {
  debug: silence,
  info: silence,
  warn: silence,
  error: silence,
  setLevel: silence,
  setName: silence,
  getLevel: () => LogLevel.ERROR,
};

/** A Slack of its own on a free port, with the clients to use it. */
export interface Workbench extends AsyncDisposable {
  url: string;
  slack: SlackStandIn;
  /** The real client with the bot token; it neither retries nor waits out a 429. */
  client: WebClient;
  clientWith(token: string | undefined, options?: WebClientOptions): WebClient;
  /** Any control request; the parsed answer. @throws with the answer when the status is not 2xx */
  control<Answer = Record<string, unknown>>(path: string, body?: unknown, method?: string): Promise<Answer>;
  say(message: PostMessage): Promise<PostMessageResult>;
  thread(channel: string, ts: string): Promise<Thread>;
  /** The last message of a thread as people see it. */
  lastIn(channel: string, ts: string): Promise<ThreadMessage>;
}

export async function openWorkbench(options: Partial<SlackStandInOptions> = {}): Promise<Workbench> {
  const folder = options.dataDir === undefined ? await temporaryFolder() : undefined;
  const server = fastify({ forceCloseConnections: true });
  let url = "";
  const slack = await registerSlack(server, {
    dataDir: folder?.path ?? "",
    botToken: BOT_TOKEN,
    appToken: APP_TOKEN,
    signingSecret: SIGNING_SECRET,
    delivery: "socket",
    eventsUrl: "http://127.0.0.1:9/nobody-listens",
    publicUrl: () => url,
    retryDelaysMs: [],
    rateLimits: { isEnabled: false },
    ...options,
  });
  await registerControl(server, { slack });
  url = await server.listen({ host: "127.0.0.1", port: 0 });

  const clientWith: Workbench["clientWith"] = (token, more = {}) =>
    new WebClient(token, {
      slackApiUrl: `${url}/slack/api/`,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      allowAbsoluteUrls: true,
      logger: SILENT,
      ...more,
    });
  const control = async <Answer>(path: string, body?: unknown, method = body === undefined ? "GET" : "POST") => {
    const response = await fetch(`${url}/sandbox/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
    return answer as Answer;
  };
  const thread = (channel: string, ts: string) => control<Thread>(`thread?channel=${channel}&ts=${ts}`);
  return {
    url,
    slack,
    client: clientWith(BOT_TOKEN),
    clientWith,
    control,
    say: (message) => control<PostMessageResult>("messages", message),
    thread,
    async lastIn(channel, ts) {
      const last = (await thread(channel, ts)).messages.at(-1);
      if (last === undefined) throw new Error("the thread is empty");
      return last;
    },
    async [Symbol.asyncDispose]() {
      await slack[Symbol.asyncDispose]();
      await server.close();
      await folder?.[Symbol.asyncDispose]();
    },
  };
}

/** Slack's error code of a call that should fail. */
export async function errorOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const data: unknown = error instanceof Error ? Reflect.get(error, "data") : undefined;
    const code: unknown = typeof data === "object" && data !== null ? Reflect.get(data, "error") : undefined;
    return typeof code === "string" ? code : String(error);
  }
  throw new Error("the call went well");
}
