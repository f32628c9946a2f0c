import { setTimeout as pause } from "node:timers/promises";
import { StandbyAccepted, StandbyNews, TakenRun as TakenRunAnswer } from "@peerbot/contracts/gateway-api";
import { faultPoint, Secret } from "@peerbot/runtime/core";
import { GatewayCallError, send, withPatience } from "./gateway-client.ts";
import type { TakenRun } from "./take-run.ts";

export interface WaitForRunOptions {
  gatewayUrl: string;
  standbyToken: Secret;
  /** How long the gateway may be away, in milliseconds. */
  patienceMs: number;
  /** Ends the waiting. */
  signal: AbortSignal;
}

/** No run will come: leave. */
export type Over = "over";

const POLL_SECONDS = 20;
/** A gateway that stops answers waiting polls at once: no reason to ask it a thousand times a second. */
const SHORTEST_POLL_MS = 250;

/**
 * Waits at the gateway until this worker is given a run, and takes it.
 * @throws FencedError, GatewayCallError `start-token-used`, AppError `gateway-unreachable`
 */
export async function waitForRun({
  gatewayUrl,
  standbyToken,
  patienceMs,
  signal,
}: WaitForRunOptions): Promise<TakenRun | Over> {
  const url = `${gatewayUrl}/v1/standby`;
  try {
    const body = { standbyToken: standbyToken.reveal() };
    const enter = () => send(StandbyAccepted, url, { method: "POST", body, signal });
    const { waitingToken, waitUntil } = await withPatience(enter, { patienceMs, signal });
    const token = new Secret(waitingToken);
    const tooLate = AbortSignal.any([signal, AbortSignal.timeout(Math.max(0, waitUntil - Date.now()))]);
    if ((await untilOffered({ url, token, patienceMs, signal: tooLate })) === "over") return "over";
    await faultPoint("worker.before-take");
    // From here the run may be ours: its outcome has to be told, also when we are asked to leave.
    const never = new AbortController().signal;
    const take = () => send(TakenRunAnswer, `${url}/take`, { method: "POST", token, signal: never });
    const taken = takenRun(await withPatience(take, { patienceMs, signal: never }));
    await faultPoint("worker.after-take");
    return taken;
  } catch (error) {
    if (error instanceof GatewayCallError && (error.code === "standby-over" || error.status === 401)) return "over";
    if (signal.aborted) return "over";
    throw error;
  }
}

async function untilOffered({
  url,
  token,
  patienceMs,
  signal,
}: {
  url: string;
  token: Secret;
  patienceMs: number;
  signal: AbortSignal;
}): Promise<"offered" | Over> {
  const ask = () => send(StandbyNews, `${url}/order?waitSeconds=${POLL_SECONDS}`, { method: "GET", token, signal });
  while (!signal.aborted) {
    const askedAt = performance.now();
    try {
      const { status } = await withPatience(ask, { patienceMs, signal });
      if (status !== "waiting") return status;
      if (performance.now() - askedAt < SHORTEST_POLL_MS) await pause(SHORTEST_POLL_MS, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
  return "over";
}

function takenRun({ tokens, assignment }: TakenRunAnswer): TakenRun {
  const { runToken, gitToken, modelToken } = tokens;
  return {
    runToken: new Secret(runToken),
    gitToken: new Secret(gitToken),
    modelToken: new Secret(modelToken),
    assignment,
  };
}
