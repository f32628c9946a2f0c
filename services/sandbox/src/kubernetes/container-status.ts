import type { ContainerProcess } from "./container-process.ts";
import { type Container, type ContainerState, type ContainerStatus, timestamp } from "./model.ts";

/** How many bytes of its log a container may leave as its last words. */
const MESSAGE_CHARACTERS = 2048;

export function waitingStatus(container: Container, waiting: { reason: string; message?: string }): ContainerStatus {
  return statusOf(container, { waiting });
}

export function runningStatus(container: Container, { startedAt }: ContainerProcess): ContainerStatus {
  return statusOf(container, { running: { startedAt: timestamp(startedAt) } });
}

/** A sidecar is only said to be there: nothing runs in its place. */
export function sidecarStatus(container: Container, { isOver }: { isOver: boolean }): ContainerStatus {
  const times = { startedAt: timestamp(), finishedAt: timestamp() };
  return statusOf(
    container,
    isOver
      ? { terminated: { exitCode: 0, reason: "Completed", ...times, containerID: "" } }
      : { running: { startedAt: times.startedAt } },
  );
}

/** How a container ended, with its last words where the pod asks for them. */
export function endedStatus(
  container: Container,
  { startedAt, log }: ContainerProcess,
  { exitCode, wasOutOfMemory }: { exitCode: number; wasOutOfMemory: boolean },
): ContainerStatus {
  const reason = wasOutOfMemory ? "OOMKilled" : exitCode === 0 ? "Completed" : "Error";
  const isTold = exitCode !== 0 && container.terminationMessagePolicy === "FallbackToLogsOnError";
  const message = log().trimEnd().slice(-MESSAGE_CHARACTERS);
  return statusOf(container, {
    terminated: {
      exitCode,
      reason,
      ...(isTold && message !== "" ? { message } : {}),
      startedAt: timestamp(startedAt),
      finishedAt: timestamp(),
      containerID: "",
    },
  });
}

function statusOf({ name, image }: Container, state: ContainerState): ContainerStatus {
  const isUp = state.running !== undefined;
  return { name, image, imageID: "", ready: isUp, started: isUp, restartCount: 0, state };
}
