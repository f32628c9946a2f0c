const DEFAULT_MARGIN_MS = 60_000;

/** When a run begins to save its work, in whole milliseconds from now: a margin before its deadline. */
export function timeUntilSaving({
  now,
  deadlineAt,
  marginSeconds,
}: {
  now: number;
  deadlineAt: number;
  marginSeconds: number | undefined;
}): number {
  const left = Math.max(0, deadlineAt - now);
  const margin = marginSeconds === undefined ? Math.min(DEFAULT_MARGIN_MS, Math.floor(left / 4)) : marginSeconds * 1000;
  return Math.max(0, left - margin);
}
