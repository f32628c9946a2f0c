import { execa } from "execa";

const ENV = { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };

/** git as a worker's machine has it: no settings but its own, no questions. It never throws. */
export async function plainGit(cwd: string, ...args: string[]) {
  const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
  return execa("git", [...identity, ...args], { cwd, env: ENV, reject: false, all: true });
}
