import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { branchOf } from "@peerbot/contracts";
import { processesOf } from "../stack/end-workers.ts";
import type { ChaosSandbox } from "./chaos-sandbox.ts";
import type { ChaosStack } from "./chaos-stack.ts";
import type { Leftovers, Observation, ObservedThread } from "./observation.ts";
import { keyOf, type PlayedSession } from "./play-session.ts";
import type { RedisWatch } from "./watch-redis.ts";

export interface ObservePorts {
  sandbox: ChaosSandbox;
  watch: RedisWatch;
  chaos: Pick<ChaosStack, "runsDir" | "workerFolders" | "replicas"> & {
    /** Names of workers' folders; those of the workers unless told. */
    folderNamesOf?: (workers: readonly string[]) => Promise<string[]>;
  };
}

/** Looks at everything once nothing moves any more. */
export async function observe(
  sessions: readonly PlayedSession[],
  ports: ObservePorts,
  { isQuiet }: { isQuiet: boolean },
): Promise<Observation> {
  const { sandbox } = ports;
  const pushes = await sandbox.pushes();
  const pullRequests = await sandbox.pullRequests();
  const threads: ObservedThread[] = [];
  for (const session of sessions) {
    const { sessionKey, channel, threadTs, asked } = session;
    const { messages, session: status } = await sandbox.thread(channel, threadTs);
    const pull = pullRequests.find(({ head }) => head === branchOf(keyOf(session)));
    const files = pull === undefined ? undefined : await sandbox.addedFiles(pull);
    threads.push({ sessionKey, channel, threadTs, asked, messages, status: status?.status ?? null, files });
  }
  const overdueStops = Object.values(ports.chaos.replicas)
    .flat()
    .flatMap(({ name, overdue }) => (overdue === 0 ? [] : [{ replica: name, times: overdue }]));
  return { isQuiet, threads, pushes, pullRequests, leftovers: await leftoversOf(sessions, ports), overdueStops };
}

/** What still runs or waits. */
export async function leftoversOf(
  sessions: readonly PlayedSession[],
  { watch, chaos }: Pick<ObservePorts, "watch" | "chaos">,
): Promise<Leftovers> {
  const workers = await watch.waitingWorkers();
  const waiting = (await chaos.folderNamesOf?.(workers)) ?? workers;
  const folders = chaos.workerFolders.flatMap((folder) => waiting.map((name) => join(folder, name)));
  const processes = (await Promise.all(chaos.workerFolders.map(processesOf))).flat();
  const theirs = new Set((await Promise.all(folders.map(processesOf))).flat().map(({ pid }) => pid));
  return {
    // The launcher is told of the folder, too.
    processes: processes.flatMap(({ pid, command }) =>
      command.includes("services/launcher/") || theirs.has(pid) ? [] : [`${pid} ${command.slice(0, 200)}`],
    ),
    runFolders: (await readdir(chaos.runsDir).catch(() => [])).filter(
      (name) => !waiting.includes(name) && !isOfLiveLauncher(name),
    ),
    ...(await watch.leftovers(sessions)),
  };
}

/** What a launcher compiled ahead is there as long as it lives. */
function isOfLiveLauncher(folder: string): boolean {
  const [, pid] = /^\.compiled-(\d+)$/.exec(folder) ?? [];
  if (pid === undefined) return false;
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false; // It ended, and its successor removes the folder.
  }
}
