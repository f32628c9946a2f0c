import { z } from "zod";
import { isTerminal, type Kinds, type Plural, type Pod, timestamp } from "./model.ts";
import type { ObjectStore } from "./object-store.ts";

export const Propagation = z.enum(["Background", "Foreground", "Orphan"]);
export type Propagation = z.infer<typeof Propagation>;

const FOREGROUND = "foregroundDeletion";

export interface DeleteOptions {
  /** Without one, batch/v1 leaves what a Job owns where it is. */
  propagation?: Propagation | undefined;
  graceSeconds?: number | undefined;
}

/** Deletes as the API server does: a living pod is only marked, its kubelet takes it away. */
export function deleteObject<K extends Plural>(
  store: ObjectStore,
  plural: K,
  object: Kinds[K],
  { propagation, graceSeconds }: DeleteOptions,
): void {
  const { namespace, name } = object.metadata;
  if (plural === "pods") {
    markPod(store, object as Pod, graceSeconds);
    return;
  }
  if (plural === "jobs" && (propagation ?? "Orphan") === "Orphan") release(store, object.metadata.uid);
  if (plural === "jobs" && propagation === "Foreground") {
    const deletionTimestamp = object.metadata.deletionTimestamp ?? timestamp();
    const marked = { deletionTimestamp, finalizers: [FOREGROUND] };
    store.update(plural, namespace, name, (now) => ({ ...now, metadata: { ...now.metadata, ...marked } }));
    return;
  }
  store.remove(plural, namespace, name);
}

/** Ends what belongs to nobody any more, and Jobs that only waited for what they own. Call it after every change. */
export function collectGarbage(store: ObjectStore): void {
  const jobs = store.list("jobs");
  const uids = new Set(jobs.map(({ metadata }) => metadata.uid));
  const leaving = new Set(jobs.filter(isLeaving).map(({ metadata }) => metadata.uid));
  const owners = (object: Kinds[Plural]) =>
    (object.metadata.ownerReferences ?? []).filter(({ kind }) => kind === "Job").map(({ uid }) => uid);
  const isDoomed = (object: Kinds[Plural]) => {
    const uidsOfOwners = owners(object);
    return uidsOfOwners.length > 0 && uidsOfOwners.every((uid) => !uids.has(uid) || leaving.has(uid));
  };
  for (const plural of ["pods", "secrets"] as const) {
    for (const object of store.list(plural)) {
      if (isDoomed(object) && object.metadata.deletionTimestamp === undefined) deleteObject(store, plural, object, {});
    }
  }
  const owned = new Set([...store.list("pods"), ...store.list("secrets")].flatMap(owners));
  for (const { metadata } of jobs.filter(isLeaving)) {
    if (!owned.has(metadata.uid)) store.remove("jobs", metadata.namespace, metadata.name);
  }
}

function isLeaving({ metadata }: Kinds["jobs"]): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(FOREGROUND) === true;
}

/** Nothing of it runs any more: it is gone, or once nobody's finalizer holds it. */
export function letPodGo(store: ObjectStore, namespace: string, name: string): void {
  const pod = store.find("pods", namespace, name);
  if (pod === undefined) return;
  if ((pod.metadata.finalizers ?? []).length === 0) {
    store.remove("pods", namespace, name);
    return;
  }
  if (pod.metadata.deletionGracePeriodSeconds === 0) return;
  const marked = { deletionTimestamp: timestamp(), deletionGracePeriodSeconds: 0 };
  store.update("pods", namespace, name, (now) => ({ ...now, metadata: { ...now.metadata, ...marked } }));
}

/** Takes a finalizer off a pod, which goes if it only waited for that. */
export function releasePod(store: ObjectStore, { metadata }: Pod, finalizer: string): void {
  const { namespace, name } = metadata;
  const finalizers = (metadata.finalizers ?? []).filter((each) => each !== finalizer);
  if (finalizers.length === (metadata.finalizers ?? []).length) return;
  store.update("pods", namespace, name, (now) => ({ ...now, metadata: { ...now.metadata, finalizers } }));
  if (metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0) {
    letPodGo(store, namespace, name);
  }
}

function markPod(store: ObjectStore, pod: Pod, graceSeconds: number | undefined): void {
  const { namespace, name, deletionGracePeriodSeconds } = pod.metadata;
  const asked = graceSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
  // A second deletion may shorten the grace time, never lengthen it.
  const grace = Math.min(asked, deletionGracePeriodSeconds ?? asked);
  if (isTerminal(pod) || grace === 0) {
    letPodGo(store, namespace, name);
    return;
  }
  if (grace === deletionGracePeriodSeconds) return;
  const deletionTimestamp = timestamp(Date.now() + grace * 1_000);
  const marked = { deletionTimestamp, deletionGracePeriodSeconds: grace };
  store.update("pods", namespace, name, (now) => ({ ...now, metadata: { ...now.metadata, ...marked } }));
}

function release(store: ObjectStore, uid: string): void {
  for (const plural of ["pods", "secrets"] as const) {
    for (const { metadata } of store.list(plural)) {
      if (!metadata.ownerReferences?.some((owner) => owner.uid === uid)) continue;
      const ownerReferences = metadata.ownerReferences.filter((owner) => owner.uid !== uid);
      store.update(plural, metadata.namespace, metadata.name, (now) => ({
        ...now,
        metadata: { ...now.metadata, ownerReferences },
      }));
    }
  }
}
