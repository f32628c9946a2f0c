import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { createAgenda } from "./agenda.ts";
import { createHttpTransport } from "./deliver-http.ts";
import { createSocketHub, type SocketHub } from "./deliver-socket.ts";
import { createDispatch, type Dispatch, RETRY_DELAYS_MS } from "./dispatch.ts";
import { ALL_EVENTS } from "./events.ts";
import { createFaults, type Faults } from "./faults.ts";
import { addFileRoutes } from "./file-routes.ts";
import { createFileStore } from "./file-store.ts";
import { createInteractivity } from "./interactivity.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { createRateLimits, type RateLimitOptions } from "./rate-limits.ts";
import { addResponseUrls } from "./response-urls.ts";
import type { SlackServices } from "./services.ts";
import { createStreamExpiry } from "./stream-expiry.ts";
import { STREAM_LIFETIME_MS } from "./streams.ts";
import type { Transport } from "./transport.ts";
import { verifyUrl } from "./verify-url.ts";
import { addWebApi } from "./web-api.ts";
import type { Workspace } from "./workspace.ts";
import { openWorkspace } from "./workspace-file.ts";

export interface SlackStandInOptions {
  /** Folder kept between runs. */
  dataDir: string;
  botToken: string;
  appToken: string;
  signingSecret: string;
  /** How the app is told: signed requests to `eventsUrl`, or Socket Mode connections. */
  delivery: "http" | "socket";
  eventsUrl: string;
  /** `http://127.0.0.1:3100`; asked for only once the server listens. */
  publicUrl: () => string;
  /** Where the app reaches the stand-in, if that is another address; asked for as late. */
  servicesUrl?: () => string;
  /** How long a stream lives, in milliseconds. Slack: 300 000. */
  streamLifetimeMs?: number;
  /** Milliseconds before each repetition of a refused event. Slack: 0, 60 000, 300 000. */
  retryDelaysMs?: readonly number[];
  /** How long the app may take for an answer, and a trigger stays valid, in milliseconds. Slack: 3000. */
  answerTimeoutMs?: number;
  rateLimits?: Partial<RateLimitOptions>;
  /** Events the app subscribed to; all that there are unless told. */
  subscriptions?: ReadonlySet<string>;
  /** How long each Web API call takes at least, in milliseconds. */
  latencyMs?: number;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

export interface SlackStandIn extends AsyncDisposable {
  workspace: Workspace;
  services: SlackServices;
  dispatch: Dispatch;
  sockets: SocketHub;
  ledger: Ledger;
  faults: Faults;
  delivery: { mode: "http" | "socket"; eventsUrl: string };
  /** Slack's handshake with the events address: true when it echoes the challenge. */
  verifyUrl(): Promise<boolean>;
}

/** Adds Slack to a server: Web API, files, response_urls and Socket Mode below `/slack`. Dispose it before the server. */
export async function registerSlack(server: FastifyInstance, options: SlackStandInOptions): Promise<SlackStandIn> {
  const { now = Date.now, answerTimeoutMs = 3000, botToken, appToken, eventsUrl, signingSecret } = options;
  const kept = await openWorkspace(join(options.dataDir, "slack", "workspace.json"), now);
  const { workspace } = kept;
  const addresses = { publicUrl: options.publicUrl, servicesUrl: options.servicesUrl ?? options.publicUrl };
  const ledger = createLedger();
  const faults = createFaults();
  const agenda = createAgenda();
  const sockets = createSocketHub({ appId: workspace.state.bot.appId, ackTimeoutMs: answerTimeoutMs });
  const http = { url: eventsUrl, signingSecret, timeoutMs: answerTimeoutMs, now };
  const transport: Transport = options.delivery === "socket" ? sockets : createHttpTransport(http);
  const dispatch = createDispatch({
    workspace,
    transport,
    ledger,
    retryDelaysMs: options.retryDelaysMs ?? RETRY_DELAYS_MS,
    subscriptions: options.subscriptions ?? ALL_EVENTS,
  });
  const services: SlackServices = {
    workspace,
    dispatch,
    agenda,
    sockets,
    addresses,
    streamExpiry: createStreamExpiry({ workspace, agenda, lifetimeMs: options.streamLifetimeMs ?? STREAM_LIFETIME_MS }),
    files: createFileStore({ folder: join(options.dataDir, "slack", "files"), workspace }),
    interactivity: createInteractivity({ workspace, dispatch, addresses, triggerLifetimeMs: answerTimeoutMs }),
  };
  const rateLimits = createRateLimits({ isEnabled: true, scale: 1, ...options.rateLimits });

  sockets.attach(server.server);
  await server.register(async (scope) => {
    const latencyMs = options.latencyMs ?? 0;
    await addWebApi(scope, { services, ledger, faults, rateLimits, botToken, appToken, latencyMs });
    addResponseUrls(scope, services);
  });
  await addFileRoutes(server, { services, botToken });
  // A websocket would keep the server from closing.
  server.addHook("preClose", async () => sockets[Symbol.dispose]());

  return {
    workspace,
    services,
    dispatch,
    sockets,
    ledger,
    faults,
    delivery: { mode: options.delivery, eventsUrl },
    verifyUrl: () => verifyUrl(http),
    async [Symbol.asyncDispose]() {
      agenda[Symbol.dispose]();
      sockets[Symbol.dispose]();
      await dispatch[Symbol.asyncDispose]();
      await kept[Symbol.asyncDispose]();
    },
  };
}
