import type { MountConfig } from "dockerode";
import type { WorkerSpec } from "../session-runner.ts";
import type { DockerSettings } from "./docker-settings.ts";
import { labelsOfThings } from "./run-labels.ts";

/** All a worker may write to besides /tmp: one volume, with everything in it that it needs. */
export const WORKSPACE = "/workspace";

/** The volume at its one place: a Docker daemon beside the worker has it there, too, so that paths mean the same to both. */
export function workspaceOf(
  worker: Pick<WorkerSpec, "name">,
  { instance, workspaceGib }: Pick<DockerSettings, "instance" | "workspaceGib">,
): MountConfig[number] {
  return {
    Type: "volume",
    Source: worker.name,
    Target: WORKSPACE,
    VolumeOptions: {
      NoCopy: true,
      Labels: labelsOfThings(worker.name, instance),
      DriverConfig: { Name: "local", Options: sizeLimit(workspaceGib) },
    },
  };
}

function sizeLimit(gib: number | undefined): Record<string, string> {
  return gib === undefined ? {} : { size: `${gib}g` };
}
