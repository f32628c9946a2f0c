import type { RunOptionsConfig } from "@peerbot/contracts";

/** What is allowed here. */
export interface Rules {
  instance: string;
  workerImage: string;
  dockerInDocker: { mode: RunOptionsConfig["DOCKER_IN_DOCKER"]; image: string };
  hasInternet: boolean;
}

/** A request that is not allowed; the message is for the launcher's log and ours. */
export class Refusal extends Error {}

/** Images by name and tag, as the engine takes them apart. */
export function allowedImages({ workerImage, dockerInDocker }: Rules): string[] {
  return dockerInDocker.mode === "off" ? [workerImage] : [workerImage, dockerInDocker.image];
}
