import type { Logger } from "@peerbot/runtime";
import { orLeave } from "../or-leave.ts";
import { type RunEnd, RunnerFailure, type RunSpec, type SessionRunner, type WorkerSpec } from "../session-runner.ts";
import { withoutTokens } from "../without-tokens.ts";
import { refusalOf } from "./api-failure.ts";
import { createCluster } from "./cluster.ts";
import { jobOf } from "./job-of.ts";
import { END_DETAIL_ANNOTATION, END_REASON_ANNOTATION, judgeRun } from "./judge-run.ts";
import type { PooledKubeConfig } from "./kube-config.ts";
import type { KubernetesSettings, Patience } from "./kubernetes-settings.ts";
import { hasStarted, isTerminal, type ObservedRun } from "./observed-run.ts";
import { createPatience } from "./patience.ts";
import { assignedMetadataOf, selectorOf } from "./run-labels.ts";
import { createRunRegister } from "./run-register.ts";
import { ownerReferenceOf, tokenSecretOf } from "./start-token-secret.ts";
import type { StartTrouble } from "./start-trouble.ts";

export interface KubernetesRunnerOptions {
  /** Given away: disposed with the runner. */
  config: PooledKubeConfig;
  settings: KubernetesSettings;
  patience: Patience;
  logger: Pick<Logger, "warn">;
}

/** Between two looks at what only time changes. What happens in the cluster is seen at once; nothing is asked for. */
const LOOK_MS = 1_000;
const LOGGED_LINES = 20;
/** For a pod nobody needs to save any more; 0 would forget it without knowing its containers ended. */
const NO_GRACE_SECONDS = 1;
const GONE: RunEnd = { reason: "deleted", detail: "nothing is known of this run" };

/** Runs each worker as a Kubernetes Job. Everything there is to know of a run is in the cluster. */
export function createKubernetesRunner({ config, settings, patience, logger }: KubernetesRunnerOptions): SessionRunner {
  const { namespace } = settings;
  const cluster = createCluster(config, { namespace, selector: selectorOf(settings.instance) });
  const register = createRunRegister({
    interrupted: (collection, err) => logger.warn({ collection, err }, "kubernetes-watch-interrupted"),
  });
  const disposed = new AbortController();
  const following = Promise.all([
    cluster.followJobs(register.observers.jobs, disposed.signal),
    cluster.followPods(register.observers.pods, disposed.signal),
    cluster.followPodRefusals(register.observers.podRefusals, disposed.signal),
  ]);

  async function start(worker: WorkerSpec): Promise<"started" | "already-exists"> {
    const { name } = worker;
    const known = register.get(name);
    if (known?.job !== undefined && !known.isJobGone) return "already-exists";
    try {
      await cluster.createSecret(tokenSecretOf(worker, settings));
      const created = await cluster.createJob(jobOf(worker, settings, Date.now()));
      const job = created === "already-exists" ? await cluster.job(name) : created;
      if (job !== undefined) {
        register.noteJob(job);
        await cluster.ownSecret(name, ownerReferenceOf(job));
      }
      return created === "already-exists" ? "already-exists" : "started";
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal instanceof RunnerFailure) await dropToken(name);
      throw refusal;
    }
  }

  async function assign(name: string, run: RunSpec): Promise<void> {
    const job = register.get(name)?.job ?? (await cluster.job(name));
    // Counted from the Job's own start, which stands once its controller has seen it.
    const startedAt = new Date(job?.status?.startTime ?? job?.metadata?.creationTimestamp ?? Date.now()).getTime();
    const activeDeadlineSeconds = Math.max(1, Math.ceil((run.deadlineAt - startedAt) / 1_000));
    const metadata = assignedMetadataOf(run);
    await Promise.all([
      cluster.patchJob(name, { metadata, spec: { activeDeadlineSeconds } }),
      cluster.podsOf(name).then((pods) => Promise.all(pods.map((pod) => cluster.patchPod(pod, { metadata })))),
    ]);
  }

  async function ended(name: string, signal: AbortSignal): Promise<RunEnd> {
    const leaving = AbortSignal.any([signal, disposed.signal]);
    await orLeave(register.ready(), leaving);
    const waiting = createPatience(patience);
    let [isPodKnown, isTokenDropped] = [false, false];
    for (;;) {
      leaving.throwIfAborted();
      const news = register.news(name);
      const run = register.get(name) ?? (await lookUp(name));
      if (run === undefined) return GONE;
      if (!isTokenDropped && hasStarted(run.pod)) {
        await dropToken(name);
        isTokenDropped = true;
      }
      const verdict = judgeRun(run, { now: Date.now(), isPodKnown, goneSeconds: patience.goneSeconds });
      switch (verdict.kind) {
        case "ended":
          await logEnd(name, run, verdict.end);
          return verdict.end;
        case "pod-unknown":
          await notePodsOf(name);
          isPodKnown = true;
          continue;
        case "troubled":
          if (waiting.isOver(verdict.trouble, Date.now())) await giveUp(name, verdict.trouble);
          break;
        case "living":
          waiting.reset();
          break;
        default:
          return verdict satisfies never;
      }
      await orLeave(news, leaving, LOOK_MS);
    }
  }

  /** What the watches have not brought yet: a run somebody else has started just now, or the pod of a Job that is gone. */
  async function lookUp(name: string): Promise<ObservedRun | undefined> {
    const job = await cluster.job(name);
    if (job !== undefined) register.noteJob(job);
    await notePodsOf(name);
    return register.get(name);
  }

  async function notePodsOf(name: string): Promise<void> {
    for (const pod of await cluster.podsOf(name)) register.notePod(pod);
  }

  /** Ends the Job's pod, if any. The Job stays as the record of why, so that another launcher tells the same. */
  async function giveUp(name: string, { reason, detail }: StartTrouble): Promise<void> {
    await cluster.patchJob(name, {
      metadata: { annotations: { [END_REASON_ANNOTATION]: reason, [END_DETAIL_ANNOTATION]: detail } },
      spec: { suspend: true },
    });
  }

  async function endPods(name: string, graceSeconds: number): Promise<void> {
    // Before asking, so that a pod which goes meanwhile is seen to go.
    await orLeave(register.ready(), disposed.signal);
    const pods = (await cluster.podsOf(name)).filter((pod) => !isTerminal(pod));
    for (const pod of pods) {
      register.notePod(pod);
      await cluster.deletePod(pod.metadata?.name ?? "", Math.max(NO_GRACE_SECONDS, graceSeconds));
    }
    const deadline = Date.now() + graceSeconds * 1_000 + patience.goneSeconds * 1_000;
    while (pods.length > 0 && Date.now() < deadline) {
      const news = register.news(name);
      const run = register.get(name);
      if (run?.pod === undefined || run.isPodGone || isTerminal(run.pod)) return;
      await orLeave(news, disposed.signal, LOOK_MS);
    }
  }

  async function dropToken(name: string): Promise<void> {
    try {
      await cluster.deleteSecret(name);
    } catch (err) {
      // It goes with the Job in any case, and works only once.
      logger.warn({ run: name, err }, "start-token-not-deleted");
    }
  }

  async function logEnd(name: string, { pod, isPodGone }: ObservedRun, end: RunEnd): Promise<void> {
    if (end.reason === "completed") return;
    const podName = pod?.metadata?.name;
    const lines = podName === undefined || isPodGone ? [] : await cluster.lastLines(podName, LOGGED_LINES);
    logger.warn({ run: name, ...end, lines: lines.map(withoutTokens) }, "worker-output");
  }

  return {
    fit: JSON.stringify(settings),
    start,
    assign,
    ended,

    async stop(name, { graceSeconds }) {
      await cluster.deleteJob(name);
      await endPods(name, graceSeconds);
    },

    list: async () => (await cluster.jobs()).flatMap(({ metadata }) => metadata?.name ?? []),

    async remove(name) {
      await cluster.deleteJob(name);
      await endPods(name, NO_GRACE_SECONDS);
      await dropToken(name);
    },

    async [Symbol.asyncDispose]() {
      disposed.abort(new Error("the runner is closed"));
      await cluster[Symbol.asyncDispose]();
      await following;
    },
  };
}
