import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export const PID_FILE = "redis.pid";

/**
 * Ends the server that an earlier process left on this data folder. That happens only when the server's supervisor was
 * killed together with its parent, but then two servers would write one append-only file.
 */
export async function endLeftover(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, PID_FILE);
  const pid = Number(await readFile(pidFile, "utf8").catch(() => ""));
  if (!Number.isInteger(pid) || pid <= 1) return;
  if (!(await isRedis(pid))) return rm(pidFile, { force: true });
  await end(pid);
  await rm(pidFile, { force: true });
}

/** The number may have been given to another program since. */
async function isRedis(pid: number): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)("ps", ["-o", "args=", "-p", String(pid)]);
    return /(redis|valkey)-server/.test(stdout);
  } catch {
    return false;
  }
}

async function end(pid: number): Promise<void> {
  for (let look = 0; look < 100; look += 1) {
    try {
      process.kill(pid, look === 60 ? "SIGKILL" : look === 0 ? "SIGTERM" : 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the Redis left over from an earlier start (process ${pid}) does not end`);
}
