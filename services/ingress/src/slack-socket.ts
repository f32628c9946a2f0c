import type { Logger as SlackLogger } from "@slack/bolt";
import { SocketModeClient } from "@slack/socket-mode";

export interface Envelope {
  body: unknown;
  /** Which repetition this is, counted by Slack. */
  retry: string | undefined;
  /** Tells Slack that this needs no repetition. @throws when the connection is gone. */
  acknowledge: () => Promise<void>;
}

export interface SocketOptions {
  appToken: string;
  apiUrl: string;
  logger: SlackLogger;
  onEnvelope: (envelope: Envelope) => void;
  /** Told about a frame the client stumbled over. */
  onUnreadable: (error: unknown) => void;
}

export interface SlackSocket extends AsyncDisposable {
  /** Resolves when the connection has ended, for whatever reason. */
  readonly ended: Promise<void>;
}

const OPEN_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 3_000;

/** Opens one Socket Mode connection, which is not renewed. @throws when Slack does not open one or does not greet in time. */
export async function openSocket({
  appToken,
  apiUrl,
  logger,
  onEnvelope,
  onUnreadable,
}: SocketOptions): Promise<SlackSocket> {
  const client = new CarefulClient(onUnreadable, {
    appToken,
    autoReconnectEnabled: false,
    logger,
    clientOptions: { slackApiUrl: apiUrl, timeout: 10_000, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true },
  });
  client.on("slack_event", ({ body, ack, retry_num: retry }: SlackEnvelope) =>
    onEnvelope({ body, retry: retry === undefined ? undefined : String(retry), acknowledge: () => ack() }),
  );
  const ended = new Promise<void>((resolve) => client.once("disconnected", () => resolve()));
  const close = () => withinTime(client.disconnect(), CLOSE_TIMEOUT_MS, "Slack did not close the connection");
  try {
    await withinTime(client.start(), OPEN_TIMEOUT_MS, "Slack did not greet");
  } catch (error) {
    void close().catch(() => {}); // It did not stand; there is nothing to wait for.
    throw error;
  }
  return { ended, [Symbol.asyncDispose]: () => close().catch(onUnreadable) };
}

/** What the client emits, of which its types say nothing. */
interface SlackEnvelope {
  body: unknown;
  ack: () => Promise<void>;
  retry_num?: number;
}

/** The client reads frames in a promise nobody awaits: a frame it stumbles over would end the process. */
class CarefulClient extends SocketModeClient {
  readonly #onUnreadable: (error: unknown) => void;

  constructor(onUnreadable: (error: unknown) => void, options: ConstructorParameters<typeof SocketModeClient>[0]) {
    super(options);
    this.#onUnreadable = onUnreadable;
  }

  protected override async onWebSocketMessage(data: string | ArrayBuffer, isBinary: boolean): Promise<void> {
    try {
      await super.onWebSocketMessage(data, isBinary);
    } catch (error) {
      this.#onUnreadable(error);
    }
  }
}

async function withinTime<T>(work: Promise<T>, timeoutMs: number, complaint: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${complaint} within ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
