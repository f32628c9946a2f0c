import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { type RunFinished, type SessionKey, verifyRunToken } from "@peerbot/contracts";
import type { SessionRuns } from "@peerbot/session-log";
import { until } from "@peerbot/testing";
import { z } from "zod";

/** A worker that has called, and what a test lets it do. */
export interface Arrival {
  sessionKey: SessionKey;
  epoch: number;
  pid: number;
  /** The worker tells its outcome, as through the gateway. */
  finish(outcome: RunFinished["outcome"], options?: { through?: string }): Promise<void>;
  /** The worker exits. */
  leave(exitCode?: number): void;
}

export interface GatewayDouble extends AsyncDisposable {
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  /** Waits for the `count`-th worker (from 1) and gives it. */
  arrival(count: number): Promise<Arrival>;
}

const Call = z.object({ token: z.string(), pid: z.number() });

/** Answers workers of programs/worker.mjs in the gateway's place. */
export async function openGatewayDouble(runs: SessionRuns, secret: string): Promise<GatewayDouble> {
  const arrivals: Arrival[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const { token, pid } = Call.parse(JSON.parse(await text(request)));
      const { sessionKey, epoch } = await verifyRunToken(token, { secret });
      await runs.claim(sessionKey, epoch);
      arrivals.push({
        sessionKey,
        epoch,
        pid,
        leave: (exitCode = 0) => void response.setHeader("connection", "close").end(JSON.stringify({ exitCode })),
        finish: async (outcome, { through } = {}) => {
          const run = await runs.current(sessionKey);
          const event = { type: "finished", outcome, branch: run?.branch ?? "" } as const;
          const handledThrough = through ?? run?.inboxThrough ?? "";
          await runs.finish(sessionKey, epoch, { event, handledThrough, isForced: true });
        },
      });
    })().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP listener has a port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    arrivals,
    arrival: (count) => until(() => arrivals[count - 1], { what: `worker ${count} to arrive`, timeoutMs: 8_000 }),
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
