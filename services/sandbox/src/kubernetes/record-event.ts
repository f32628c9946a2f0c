import { randomUUID } from "node:crypto";
import { type KubernetesObject, timestamp } from "./model.ts";
import type { ObjectStore } from "./object-store.ts";

/** Writes down what happened to an object, for people and for whoever watches events. The same again counts up. */
export function recordEvent(
  store: ObjectStore,
  { apiVersion, kind, metadata: { name, namespace, uid } }: KubernetesObject,
  { reason, message, type = "Warning" }: { reason: string; message: string; type?: "Normal" | "Warning" },
): void {
  const now = timestamp();
  const same = store
    .list("events", namespace)
    .find((event) => event.involvedObject.uid === uid && event.reason === reason && event.message === message);
  if (same !== undefined) {
    const next = { count: same.count + 1, lastTimestamp: now };
    store.update("events", namespace, same.metadata.name, (event) => ({ ...event, ...next }));
    return;
  }
  store.create("events", {
    apiVersion: "v1",
    kind: "Event",
    metadata: {
      ...{ uid: "", resourceVersion: "", creationTimestamp: "" },
      name: `${name}.${randomUUID().slice(0, 8)}`,
      namespace,
    },
    involvedObject: { apiVersion, kind, name, namespace, uid },
    ...{ reason, message, type, count: 1, firstTimestamp: now, lastTimestamp: now },
    source: { component: kind === "Job" ? "job-controller" : "kubelet" },
  });
}
