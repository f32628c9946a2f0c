import type { CoreV1Event, V1Job, V1Pod } from "@kubernetes/client-node";
import type { CollectionObserver } from "./follow-collection.ts";
import { isGone, NOTHING_SEEN, type ObservedRun } from "./observed-run.ts";
import { RUN_LABEL } from "./run-labels.ts";

export type RunRegister = ReturnType<typeof createRunRegister>;

interface Entry {
  run: ObservedRun;
  /** When it last heard of anything, in milliseconds since 1970. */
  at: number;
}

/** What is known of all runs, and who waits for news of one. */
export function createRunRegister({ interrupted }: { interrupted: (what: string, error: unknown) => void }) {
  const entries = new Map<string, Entry>();
  const refusals = new Map<string, string>();
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  const listed = { jobs: Promise.withResolvers<void>(), pods: Promise.withResolvers<void>() };

  const tell = (name: string) => {
    waiting.get(name)?.resolve();
    waiting.delete(name);
  };
  const note = (name: string, change: Partial<ObservedRun>) => {
    entries.set(name, { run: { ...(entries.get(name)?.run ?? NOTHING_SEEN), ...change }, at: Date.now() });
    tell(name);
  };
  // What was asked for may be older than what a watch has told since: nothing that is gone comes back.
  const noteJob = (job: V1Job) => {
    const known = entries.get(job.metadata?.name ?? "")?.run;
    if (known?.isJobGone && known.job?.metadata?.uid === job.metadata?.uid) return;
    note(job.metadata?.name ?? "", { job, isJobGone: false });
  };
  const notePod = (pod: V1Pod) => {
    const known = entries.get(runOf(pod))?.run;
    if (known?.isPodGone && known.pod?.metadata?.uid === pod.metadata?.uid) return;
    if (known?.pod === undefined || isSameOrNewer(pod, known.pod)) note(runOf(pod), { pod, isPodGone: false });
  };
  /** What is not listed is gone, unless we heard of it after the list was asked for. */
  const notListed = (askedAt: number, isListed: (run: ObservedRun) => boolean, change: Partial<ObservedRun>) => {
    for (const [name, { run, at }] of entries) {
      if (at < askedAt && isGone(run)) entries.delete(name);
      else if (at < askedAt && !isListed(run)) note(name, change);
    }
  };

  const jobs: CollectionObserver<V1Job> = {
    replaced(items, askedAt) {
      const uids = new Set(items.map((job) => job.metadata?.uid));
      notListed(askedAt, ({ job, isJobGone }) => job === undefined || isJobGone || uids.has(job.metadata?.uid), {
        isJobGone: true,
      });
      for (const job of items) noteJob(job);
      listed.jobs.resolve();
    },
    changed: noteJob,
    gone: (job) => note(job.metadata?.name ?? "", { job, isJobGone: true }),
    interrupted: (error) => interrupted("jobs", error),
  };
  const pods: CollectionObserver<V1Pod> = {
    replaced(items, askedAt) {
      const uids = new Set(items.map((pod) => pod.metadata?.uid));
      notListed(askedAt, ({ pod, isPodGone }) => pod === undefined || isPodGone || uids.has(pod.metadata?.uid), {
        isPodGone: true,
      });
      for (const pod of items) notePod(pod);
      listed.pods.resolve();
    },
    changed: notePod,
    gone(pod) {
      const known = entries.get(runOf(pod))?.run.pod;
      if (known === undefined || isSameOrNewer(pod, known)) note(runOf(pod), { pod, isPodGone: true });
    },
    interrupted: (error) => interrupted("pods", error),
  };
  const refuse = (event: CoreV1Event) => {
    const { name = "" } = event.involvedObject;
    refusals.set(name, event.message ?? event.reason ?? "");
    tell(name);
  };
  const podRefusals: CollectionObserver<CoreV1Event> = {
    replaced(items) {
      refusals.clear();
      for (const event of items) refuse(event);
    },
    changed: refuse,
    gone: (event) => void refusals.delete(event.involvedObject.name ?? ""),
    interrupted: (error) => interrupted("events", error),
  };

  return {
    observers: { jobs, pods, podRefusals },
    noteJob,
    notePod,
    /** Resolves once everything there is has been listed. */
    ready: async (): Promise<void> => void (await Promise.all([listed.jobs.promise, listed.pods.promise])),
    get(name: string): ObservedRun | undefined {
      const run = entries.get(name)?.run;
      return run === undefined ? undefined : { ...run, podRefusal: refusals.get(name) };
    },
    /** Resolves with the next thing that happens to a run. */
    news(name: string): Promise<void> {
      const waiter = waiting.get(name) ?? Promise.withResolvers<void>();
      waiting.set(name, waiter);
      return waiter.promise;
    },
  };
}

function runOf(pod: V1Pod): string {
  return pod.metadata?.labels?.[RUN_LABEL] ?? "";
}

/** Should a Job ever get a second pod, the younger one counts. */
function isSameOrNewer(pod: V1Pod, known: V1Pod): boolean {
  if (pod.metadata?.uid === known.metadata?.uid) return true;
  const madeAt = (one: V1Pod) => new Date(one.metadata?.creationTimestamp ?? 0).getTime();
  return madeAt(pod) >= madeAt(known);
}
