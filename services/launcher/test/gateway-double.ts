import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { type RunFinished, type SessionKey, verifyRunToken, verifyStandbyToken } from "@peerbot/contracts";
import type { SessionRuns } from "@peerbot/session-log";
import { until } from "@peerbot/testing";
import type { WarmOrder, WarmPool } from "@peerbot/warm-pool";
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
  /** Process ids of workers that came to wait for a run, by their names. */
  readonly waiting: ReadonlyMap<string, number>;
  /** While true no waiting worker takes what it is offered, as if it hung. */
  areTakesHeld: boolean;
  /** Waits for the `count`-th worker (from 1) and gives it. */
  arrival(count: number): Promise<Arrival>;
}

const Call = z.object({ token: z.string(), pid: z.number(), isWaiting: z.boolean().default(false) });

/** Answers workers of programs/worker.mjs in the gateway's place. */
export async function openGatewayDouble(
  { runs, pool, host = "127.0.0.1" }: { runs: SessionRuns; pool: WarmPool; host?: string },
  secret: string,
): Promise<GatewayDouble> {
  const arrivals: Arrival[] = [];
  const waiting = new Map<string, number>();
  const double = { areTakesHeld: false };

  /** The run of a worker that waits, once it has one; none when no run will come. */
  async function runOfWaiting(token: string, pid: number, isThere: () => boolean): Promise<WarmOrder | undefined> {
    const { member } = await verifyStandbyToken(token, { secret });
    if ((await pool.arrive(member)) === "refused") return undefined;
    waiting.set(member, pid);
    while (isThere()) {
      const status = await pool.look(member);
      if (status === "over") return undefined;
      if (status === "offered" && !double.areTakesHeld) {
        const taken = await pool.take(member);
        return taken === "over" ? undefined : taken.order;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return undefined;
  }

  const server = createServer((request, response) => {
    void (async () => {
      const { token, pid, isWaiting } = Call.parse(JSON.parse(await text(request)));
      const isThere = () => !response.destroyed;
      const run = isWaiting ? await runOfWaiting(token, pid, isThere) : await verifyRunToken(token, { secret });
      if (run === undefined) return response.setHeader("connection", "close").end(JSON.stringify({ exitCode: 0 }));
      const { sessionKey, epoch } = run;
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
  server.listen(0, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP listener has a port");
  return Object.assign(double, {
    url: `http://${host}:${address.port}`,
    arrivals,
    waiting,
    arrival: (count: number) =>
      until(() => arrivals[count - 1], { what: `worker ${count} to arrive`, timeoutMs: 8_000 }),
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  });
}
