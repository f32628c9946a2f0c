import { copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { AppError, type Secret } from "@peerbot/runtime/core";
import { FencedError } from "../gateway-client.ts";
import { credentialEnv, type Git, GitError } from "./git.ts";
import { readRef } from "./refs.ts";
import type { ProgramAnswer } from "./run-program.ts";

/** Deep enough for `git log` and `git blame` to be of use, shallow enough for a large repository. */
const CLONE_DEPTH = 50;

/** What may be in the vault when git runs there with a credential; everything else is removed before. */
const KEPT = new Set(["HEAD", "config", "objects", "packed-refs", "refs", "shallow"]);
const CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";

export type PushOutcome = { status: "pushed" } | { status: "rejected" } | { status: "refused"; reason: string };

/**
 * A bare repository between the workspace and the gateway, the only place where git holds a credential. The agent and
 * what it runs may write anywhere the worker may, so that the vault is put back into a known state before every such
 * command: no configuration, hook or alternate planted there is ever read.
 */
export interface Vault {
  readonly path: string;
  /** Brings the branches, as far as the remote has them, and tells their commits. `until` gives up early. */
  fetch(branches: { branch: string; base?: string }, until?: AbortSignal): Promise<Map<string, string>>;
  /** Takes a commit with all that belongs to it from a repository on this machine. */
  takeFrom(gitDir: string, commit: string): Promise<void>;
  /** Moves the remote's branch from the commit it is known to have, or makes it where none is known; else `rejected`. */
  push(commit: string, branch: string, known: string | undefined): Promise<PushOutcome>;
}

/** The remote has no branch of the base's name: an empty repository, most often. */
const BASE_MISSING = "base-branch-missing";

/** How long git tries to get through to the host, by way of the gateway. */
const PATIENCE_MS = 2 * 60_000;
const LONGEST_PAUSE_MS = 10_000;

export interface VaultOptions {
  path: string;
  git: Git;
  /** Of the repository at the gateway, without credentials. */
  url: string;
  token: Secret;
  signal: AbortSignal;
  /** Told once for each command that has to be tried again. */
  onTrying?: () => void;
}

/** Makes the folder of a vault. It needs no session. */
export async function makeVault(path: string, git: Git): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await git(["init", "--quiet", "--bare", "--template=", path], { cwd: path });
}

/** A vault in the folder that was made for it. */
export function openVault({ path, git, url, token, signal, onTrying }: VaultOptions): Vault {
  const inVault = { cwd: path, env: { GIT_DIR: path, GIT_COMMON_DIR: path }, signal };
  const env = { ...inVault.env, ...credentialEnv({ url, token }) };
  const withCredential = async (
    args: readonly string[],
    options: {
      expected?: readonly number[];
      /** Whether an expected exit code is none this time. */
      isFailure?: (answer: ProgramAnswer) => boolean;
      until?: AbortSignal | undefined;
    } = {},
  ) => {
    const { expected = [], isFailure = () => false, until = signal } = options;
    const either = AbortSignal.any([signal, until]);
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (let attempt = 0; ; attempt += 1) {
      try {
        await seal(path);
        const answer = await git(args, { ...inVault, env, expected, signal: either });
        if (isFailure(answer)) throw new GitError(args[0] ?? "", answer.stderr);
        return answer;
      } catch (error) {
        const failure = error instanceof GitError ? remoteFailure(error) : error;
        // Each of these commands may be given again, also when only its answer was lost.
        const isPassing = failure instanceof AppError && failure.retryable && performance.now() < giveUpAt;
        if (!isPassing) throw failure;
        if (attempt === 0) onTrying?.();
        await pause(Math.min(500 * 2 ** attempt, LONGEST_PAUSE_MS), undefined, { signal: either });
      }
    }
  };

  async function tips(branches: readonly string[]): Promise<Map<string, string>> {
    const commits = await Promise.all(branches.map((branch) => readRef(path, `refs/heads/${branch}`)));
    return new Map(
      branches.flatMap((branch, index) => {
        const commit = commits[index];
        return commit === undefined ? [] : [[branch, commit] as const];
      }),
    );
  }

  return {
    path,
    async fetch({ branch, base }, until) {
      // A pattern may match nothing, where a name must exist. It asks for what begins so; nobody else names branches so.
      const wanted = [`+refs/heads/${branch}*:refs/heads/${branch}*`];
      if (base !== undefined) wanted.push(`+refs/heads/${base}:refs/heads/${base}`);
      const fetch = async (refs: readonly string[]) => {
        const args = ["fetch", "--quiet", "--no-tags", "--prune", `--depth=${CLONE_DEPTH}`, url, ...refs];
        const { exitCode, stderr } = await withCredential(args, { until, expected: [1] });
        // With a depth git calls it a failure, in silence, that there is nothing to fetch.
        if (exitCode === 1 && stderr !== "") throw remoteFailure(new GitError("fetch", stderr));
      };
      try {
        await fetch(wanted);
      } catch (error) {
        if (!(error instanceof AppError && error.code === BASE_MISSING)) throw error;
        await fetch(wanted.slice(0, 1));
      }
      return tips(base === undefined ? [branch] : [branch, base]);
    },
    async takeFrom(gitDir, commit) {
      await seal(path);
      // Without a credential: the other side is a repository that the agent could write to.
      await git(["fetch", "--quiet", "--no-tags", "--update-shallow", gitDir, `+${commit}:refs/peerbot/work`], inVault);
    },
    async push(commit, branch, known = "") {
      const ref = `refs/heads/${branch}`;
      const args = [
        "push",
        "--porcelain",
        "--no-verify",
        `--force-with-lease=${ref}:${known}`,
        url,
        `${commit}:${ref}`,
      ];
      // Without a word about the branch it is the way there that failed, and the same may be asked again.
      const isFailure = (answer: ProgramAnswer) => answer.exitCode === 1 && refusedLine(answer.stdout) === undefined;
      const { exitCode, stdout } = await withCredential(args, { expected: [1], isFailure });
      return exitCode === 0 ? { status: "pushed" } : pushOutcomeOf(stdout);
    },
  };
}

/** Lets a repository on this machine use the vault's objects. */
export async function lendObjects(vault: Vault, gitDir: string): Promise<void> {
  await mkdir(join(gitDir, "objects", "info"), { recursive: true });
  await writeFile(join(gitDir, "objects", "info", "alternates"), `${join(vault.path, "objects")}\n`);
  await copyFile(join(vault.path, "shallow"), join(gitDir, "shallow")).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error; // a complete history has no such file
  });
}

async function seal(path: string): Promise<void> {
  const strangers = (await readdir(path)).filter((name) => !KEPT.has(name));
  await Promise.all(strangers.map((name) => rm(join(path, name), { recursive: true, force: true })));
  await rm(join(path, "objects", "info", "alternates"), { force: true });
  await rm(join(path, "config"), { recursive: true, force: true });
  await writeFile(join(path, "config"), CONFIG);
}

/** Reads git's report (`!<from>:<to>\t[rejected] (fetch first)`). */
function pushOutcomeOf(stdout: string): PushOutcome {
  const line = refusedLine(stdout) ?? "";
  // The second is what a server says when the branch moved between its answer and our push.
  if (/\[rejected\]/.test(line) || /\[remote rejected\].*(lock ref|stale info|fetch first|update ref)/.test(line))
    return { status: "rejected" };
  return { status: "refused", reason: /\((.*)\)\s*$/.exec(line)?.[1] ?? "no reason given" };
}

function refusedLine(stdout: string): string | undefined {
  return stdout.split("\n").find((text) => text.startsWith("!"));
}

/** Of the refusals those that pass: too slow, too often. */
const PASSING = new Set([408, 429]);

/** Git shows only the HTTP status of what the gateway says. */
function remoteFailure(error: GitError): AppError {
  const status = Number(/returned error: (\d{3})/.exec(error.stderr)?.[1] ?? 0);
  if (status === 409) return new FencedError(error);
  if (/couldn't find remote ref/.test(error.stderr)) {
    return new AppError("the repository has no such branch", { code: BASE_MISSING, cause: error });
  }
  if (status === 404 || /repository '.*' not found/.test(error.stderr)) {
    return new AppError("the repository does not exist any more, or was renamed", {
      code: "repository-not-found",
      cause: error,
    });
  }
  if ([401, 403, 502].includes(status) || /Authentication failed/.test(error.stderr)) {
    return new AppError("the git host does not let Peerbot into the repository", {
      code: "git-host-unauthorized",
      cause: error,
    });
  }
  if (status === 413) {
    return new AppError("the changes are too large to be pushed", { code: "push-too-large", cause: error });
  }
  if (status >= 400 && status < 500 && !PASSING.has(status)) {
    return new AppError(`the git host refused the request (${status})`, { code: "git-refused", cause: error });
  }
  return new AppError("the repository cannot be reached", {
    code: "git-unreachable",
    retryable: true,
    cause: error,
  });
}
