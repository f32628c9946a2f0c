/**
 * A function that runs `work`, once at a time. Whoever calls while it runs waits for the run after it, together with all
 * others who do.
 */
export function shareRuns(work: () => Promise<void>): () => Promise<void> {
  let current = Promise.resolve();
  let next: Promise<void> | undefined;
  const begin = () => {
    next = undefined;
    current = work();
    return current;
  };
  return () => {
    next ??= current.then(begin, begin);
    return next;
  };
}
