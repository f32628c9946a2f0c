import { until } from "@peerbot/testing";
import type { Stack } from "../../stack/index.ts";

/** Waits until a worker waits for the next run, where workers are started ahead. */
export async function untilWorkerWaits(stack: Stack): Promise<void> {
  const { environment, metricsUrl = "" } = stack.plan.services.find(({ name }) => name === "launcher") ?? {};
  if (Number(environment?.WARM_WORKERS ?? 0) === 0) return;
  const isWaiting = async () =>
    /^peerbot_warm_workers\{state="ready".* [1-9]/m.test(await (await fetch(metricsUrl)).text());
  await until(isWaiting, { what: "a worker to wait", timeoutMs: 120_000, everyMs: 250 });
}
