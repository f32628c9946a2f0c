import { readdir } from "node:fs/promises";
import { branchOf } from "@peerbot/contracts";
import { processesOf } from "../stack/end-workers.ts";
import type { ChaosSandbox } from "./chaos-sandbox.ts";
import type { Leftovers, Observation, ObservedThread } from "./observation.ts";
import { keyOf, type PlayedSession } from "./play-session.ts";
import type { RedisWatch } from "./watch-redis.ts";

export interface ObservePorts {
  sandbox: ChaosSandbox;
  watch: RedisWatch;
  runsDir: string;
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
  return { isQuiet, threads, pushes, pullRequests, leftovers: await leftoversOf(sessions, ports) };
}

/** What still runs or waits. */
export async function leftoversOf(
  sessions: readonly PlayedSession[],
  { watch, runsDir }: Pick<ObservePorts, "watch" | "runsDir">,
): Promise<Leftovers> {
  const processes = await processesOf(runsDir);
  return {
    // The launcher is told of the folder, too.
    processes: processes.flatMap(({ pid, command }) =>
      command.includes("services/launcher/") ? [] : [`${pid} ${command.slice(0, 200)}`],
    ),
    runFolders: await readdir(runsDir).catch(() => []),
    ...(await watch.leftovers(sessions)),
  };
}
