import { AppError, type Secret } from "@peerbot/runtime/core";
import { type ProgramAnswer, runProgram } from "./run-program.ts";

export interface GitOptions {
  /** Where git runs. */
  cwd: string;
  /** Added to the clean environment that every git process gets. */
  env?: Readonly<Record<string, string>>;
  input?: string;
  signal?: AbortSignal;
  /** Exit codes that are answers, not failures; 0 always is. */
  expected?: readonly number[];
}

/** Runs git with plain arguments in an environment that holds nothing of the worker's own. @throws GitError */
export type Git = (args: readonly string[], options: GitOptions) => Promise<ProgramAnswer>;

/** A git command failed; the message is git's last words. */
export class GitError extends AppError {
  readonly stderr: string;

  constructor(command: string, stderr: string) {
    super(`git ${command} failed: ${lastWords(stderr)}`, { code: "git-failed" });
    this.stderr = stderr;
  }
}

/** No configuration but the repository's own, no hook, no question asked. */
export function createGit({ path, home }: { path: string; home: string }): Git {
  const clean = {
    PATH: path,
    HOME: home,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "true",
    GIT_EDITOR: "true",
    GIT_PAGER: "cat",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_OPTIONAL_LOCKS: "0",
  };
  return async (args, { cwd, env = {}, input, signal, expected = [] }) => {
    const answer = await runProgram("git", [...SAFE, ...args], {
      cwd,
      env: { ...clean, ...env },
      input,
      signal,
    });
    signal?.throwIfAborted();
    const { exitCode, stderr } = answer;
    if (exitCode !== 0 && !expected.includes(exitCode)) throw new GitError(args[0] ?? "", stderr);
    return answer;
  };
}

const SAFE = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "gc.auto=0",
  "maintenance.auto=false",
  // After a power cut there is no worker whose disk anybody would look at.
  "core.fsync=none",
  "commit.gpgSign=false",
].flatMap((setting) => ["-c", setting]);

/**
 * The environment that lets one git command into the gateway. Only a command that runs in the vault may get it: what
 * is configured there is known.
 */
export function credentialEnv({ url, token }: { url: string; token: Secret }): Record<string, string> {
  const basic = Buffer.from(`x-access-token:${token.reveal()}`).toString("base64");
  const settings: [string, string][] = [
    [`http.${url}.extraHeader`, `Authorization: Basic ${basic}`],
    ["http.followRedirects", "false"],
    ["credential.helper", ""],
    ["protocol.allow", "never"],
    ["protocol.http.allow", "always"],
    ["protocol.https.allow", "always"],
  ];
  return Object.fromEntries([
    ["GIT_CONFIG_COUNT", String(settings.length)],
    ...settings.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ]);
}

function lastWords(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  return (lines.at(-1) ?? "no reason given").slice(0, 500);
}
