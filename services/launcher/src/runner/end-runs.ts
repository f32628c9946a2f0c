import type { SessionRunner } from "./session-runner.ts";

/** How much longer than its grace time a worker may take to be gone. */
const MARGIN_SECONDS = 10;

/** Lets every worker save its work and leave, all at once, and forgets them. Gives back how many there were. */
export async function endRuns(runner: SessionRunner, { graceSeconds }: { graceSeconds: number }): Promise<number> {
  const names = await runner.list();
  await Promise.all(
    names.map(async (name) => {
      const signal = AbortSignal.timeout((graceSeconds + MARGIN_SECONDS) * 1_000);
      await runner.stop(name, { graceSeconds });
      // One that will not go is removed all the same.
      await runner.ended(name, signal).catch((error) => {
        if (!signal.aborted) throw error;
      });
      await runner.remove(name);
    }),
  );
  return names.length;
}
