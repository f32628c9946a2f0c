import { randomBytes } from "node:crypto";

const PREFIX = "peerbot-warm-";

/** A name no worker has had: like a run's, one that Kubernetes takes. Runs are named otherwise. */
export function newWarmName(): string {
  return `${PREFIX}${randomBytes(8).toString("hex")}`;
}

/** True for the name of a worker that was started ahead, whatever became of it. */
export function isWarmName(name: string): boolean {
  return name.startsWith(PREFIX);
}
