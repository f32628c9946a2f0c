import type { Assignment } from "@peerbot/contracts";
import { faultPoint, type Secret } from "@peerbot/runtime/core";
import { createGatewayClient, exchangeStartToken } from "./gateway-client.ts";

/** A run that is this worker's now: what it is, and what lets the worker do it. */
export interface TakenRun {
  runToken: Secret;
  gitToken: Secret;
  modelToken: Secret;
  assignment: Assignment;
}

/** Takes the run that a start token stands for. @throws FencedError, GatewayCallError `start-token-used` */
export async function takeRun({
  gatewayUrl,
  startToken,
  patienceMs,
  signal,
}: {
  gatewayUrl: string;
  startToken: Secret;
  patienceMs: number;
  signal: AbortSignal;
}): Promise<TakenRun> {
  const tokens = await exchangeStartToken({ gatewayUrl, startToken, patienceMs, signal });
  await faultPoint("worker.after-exchange");
  // From here the run is ours: its outcome has to be told, also when we are asked to leave.
  const never = new AbortController().signal;
  const gateway = createGatewayClient({ gatewayUrl, patienceMs, runToken: tokens.runToken, signal: never });
  return { ...tokens, assignment: await gateway.assignment() };
}
