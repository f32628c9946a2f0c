import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

/** What became of the daemon a run was promised. */
export type DockerState = "ready" | "absent";

export interface DockerWait {
  /** As DOCKER_HOST has it. */
  address: string;
  patienceMs: number;
  /** For the people who wait, too. */
  tell: (text: string) => void;
  /** Ends the waiting. */
  signal: AbortSignal;
}

/** What the agent is told with what it is to do. Its briefing is as old as the conversation. */
export const NO_DOCKER = "(There is no Docker in this run: its daemon did not start. Say so if you would need it.)";

const EVERY_MS = 200;
/** One that takes a connection and says nothing is not up. */
const ANSWER_MS = 2_000;

/** Waits until the run's daemon answers. It never rejects: work without Docker is worth more than none. */
export async function awaitDocker({ address, patienceMs, tell, signal }: DockerWait): Promise<DockerState> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  const slow = setTimeout(() => tell("Docker is still starting; I begin as soon as it is there."), patienceMs / 6);
  try {
    while (!over.aborted) {
      if (await answers(address, over)) return "ready";
      await pause(EVERY_MS, undefined, { signal: over }).catch(() => {}); // seen at once
    }
  } finally {
    clearTimeout(slow);
  }
  if (!signal.aborted) {
    tell("Docker did not start, so I go on without it. A reply once I am done starts a run that tries it anew.");
  }
  return "absent";
}

async function answers(address: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { protocol, pathname, hostname, port } = new URL(address);
    const place = protocol === "unix:" ? { socketPath: pathname } : { host: hostname, port };
    const until = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    const asked = request({ ...place, path: "/_ping", agent: false, signal: until }).end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    answer.destroy();
    return answer.statusCode === 200;
  } catch {
    return false; // not there yet
  }
}
