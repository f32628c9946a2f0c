import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** Names a process and no later one with the same number: what `identify` of supervise.sh writes. */
export interface ProcessIdentity {
  pid: number;
  /** Pid, start time and, on Linux, boot. */
  line: string;
}

/** Reads a line that supervise.sh wrote. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const line = text.trim().replace(/\s+/g, " ");
  const pid = Number.parseInt(line, 10);
  return pid > 0 && line.includes(" ") ? { pid, line } : undefined;
}

/** Who has this pid now; `undefined` when nobody has it or it is dead and only waits to be reaped. */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  return process.platform === "linux" ? identityFromProc(pid) : identityFromPs(pid);
}

/** True while the very process of that identity lives. */
export async function isAlive(identity: ProcessIdentity | undefined): Promise<boolean> {
  if (identity === undefined) return false;
  return (await identityOf(identity.pid))?.line === identity.line;
}

/** Fields 3 and 22 of /proc/{pid}/stat (proc(5)): state, and start time in clock ticks since boot. */
export function parseProcStat(stat: string): { state: string; startTime: string } | undefined {
  // The name in parentheses may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTime] = [fields[0], fields[19]];
  return state === undefined || startTime === undefined ? undefined : { state, startTime };
}

async function identityFromProc(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const parsed = parseProcStat(stat);
  if (parsed === undefined || ["Z", "X", "x"].includes(parsed.state)) return undefined;
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  return { pid, line: `${pid} ${parsed.startTime} ${boot}` };
}

async function identityFromPs(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const env = { PATH: "/bin:/usr/bin", LC_ALL: "C", TZ: "UTC" };
    const { stdout } = await promisify(execFile)("ps", ["-o", "stat=", "-o", "lstart=", "-p", String(pid)], { env });
    const [state = "", ...started] = stdout.trim().split(/\s+/);
    return state === "" || state.startsWith("Z") ? undefined : { pid, line: `${pid} ${started.join(" ")}` };
  } catch {
    return undefined; // ps exits with 1 when there is no such process
  }
}
