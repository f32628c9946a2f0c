import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { branchOf, sessionKeyOf } from "@peerbot/contracts";
import { temporaryFolder, until } from "@peerbot/testing";
import { execa } from "execa";
import { type RunningClaude, startClaude } from "../../services/sandbox/src/claude/start-claude.ts";
import { GatewayDouble } from "./gateway-double.ts";

const CLAUDE_KEY = "sk-ant-the-real-key";
const WORKER = join(import.meta.dirname, "../../services/worker/src/main.ts");

/** A worker process and what it wrote. */
export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly workspaceDir: string;
  /** Standard output and error. */
  log(): string;
  /** Waits for the end; undefined when a signal ended it. */
  exitCode(): Promise<number | undefined>;
}

/** Everything one session's workers need: a repository, a gateway, the Claude stand-in. */
export interface Bench extends AsyncDisposable {
  readonly gateway: GatewayDouble;
  readonly claude: RunningClaude;
  readonly branch: string;
  /** Of this bench alone; the repository and the workers' folders are in it. */
  readonly folder: string;
  /** Runs git in the bare repository. */
  git(...args: string[]): Promise<string>;
  /** Commits files to a branch of the repository, as a person does. */
  commitAs(person: string, branch: string, files: Record<string, string>): Promise<void>;
  /** Commits a symbolic link to the default branch. */
  commitLink(name: string, target: string): Promise<void>;
  /** A push to the session branch that passes no gateway. */
  pushBehindTheBack(person: string, files: Record<string, string>): Promise<void>;
  deleteRepository(): Promise<void>;
  /** Starts a worker that waits for a run. */
  startWaitingWorker(): WorkerProcess;
  /** Begins a run and starts its worker; a twin is one more worker for the run that is there. */
  startWorker(options?: { seconds?: number; env?: Record<string, string>; isTwin?: boolean }): WorkerProcess;
}

export async function setUpBench({ files }: { files?: Record<string, string> } = {}): Promise<Bench> {
  const folder = await temporaryFolder();
  const gitRoot = join(folder.path, "git");
  const bare = join(gitRoot, "acme", "app.git");
  await mkdir(bare, { recursive: true });
  await execa("git", ["init", "--quiet", "--bare", "--initial-branch=main", bare]);
  await execa("git", ["-C", bare, "config", "http.receivepack", "true"]);
  const sessionKey = sessionKeyOf({ team: "T1", channel: "C1", threadTs: "1700000000.000001" });
  const branch = branchOf(sessionKey);
  const claude = await startClaude({ apiKey: CLAUDE_KEY });
  const gateway = new GatewayDouble({
    sessionKey,
    branch,
    gitRoot,
    claudeUrl: claude.url,
    claudeKey: CLAUDE_KEY,
    person: { team: "T1", id: "U1", name: "Ada Lovelace", email: "ada@example.com" },
    repository: { owner: "acme", name: "app", defaultBranch: "main", webUrl: "http://git.example/acme/app" },
  });
  await gateway.listen();
  const workers: WorkerProcess[] = [];

  const commitAs = (person: string, onBranch: string, content: Record<string, string>) =>
    commitIn({ bare, clone: join(folder.path, `clone-${crypto.randomUUID()}`), person, branch: onBranch }, (clone) =>
      writeFiles(clone, content),
    );
  if (files !== undefined) await commitAs("owner", "main", files);

  return {
    gateway,
    claude,
    branch,
    folder: folder.path,
    commitAs,
    commitLink: (name, target) =>
      commitIn({ bare, clone: join(folder.path, "link"), person: "owner", branch: "main" }, (clone) =>
        symlink(target, join(clone, name)),
      ),
    pushBehindTheBack: (person, content) => commitAs(person, branch, content),
    deleteRepository: () => rm(bare, { recursive: true }),
    git: async (...args) => (await execa("git", ["-C", bare, ...args])).stdout,
    startWorker({ seconds, env = {}, isTwin = false } = {}) {
      const run = isTwin ? gateway.run : gateway.beginRun(seconds === undefined ? {} : { seconds });
      const worker = spawnWorker(join(folder.path, `run-${workers.length + 1}`), {
        GATEWAY_URL: gateway.url,
        START_TOKEN: `start-${run.epoch}-secret`,
        ...env,
      });
      workers.push(worker);
      return worker;
    },
    startWaitingWorker() {
      const worker = spawnWorker(join(folder.path, `waiting-${workers.length + 1}`), {
        GATEWAY_URL: gateway.url,
        STANDBY_TOKEN: "standby-secret",
      });
      workers.push(worker);
      return worker;
    },
    async [Symbol.asyncDispose]() {
      for (const { child } of workers) if (child.exitCode === null) child.kill("SIGKILL");
      await until(() => workers.every(({ child }) => child.exitCode !== null || child.signalCode !== null), {
        what: "all workers to be gone",
      });
      await gateway[Symbol.asyncDispose]();
      await claude[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Commits to a branch as a person does: in a clone, with a push. */
async function commitIn(
  { bare, clone, person, branch }: { bare: string; clone: string; person: string; branch: string },
  change: (clone: string) => Promise<void>,
): Promise<void> {
  await execa("git", ["clone", "--quiet", bare, clone]);
  const git = (...args: string[]) => execa("git", ["-C", clone, ...args]);
  const exists = (await git("ls-remote", "origin", `refs/heads/${branch}`)).stdout !== "";
  await git("checkout", "--quiet", ...(exists ? [branch] : ["-B", branch]));
  await change(clone);
  await git("add", "--all", "--force");
  const identity = ["-c", `user.name=${person}`, "-c", `user.email=${person}@example.com`];
  await git(...identity, "commit", "--quiet", "--no-verify", "-m", `${person} works`);
  await git("push", "--quiet", "origin", `HEAD:${branch}`);
}

async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

/** A worker as the process runner starts it. */
export function spawnWorker(workspaceDir: string, env: Record<string, string>): WorkerProcess {
  const child = spawn(process.execPath, [WORKER], {
    env: { PATH: process.env.PATH, TMPDIR: dirname(workspaceDir), WORKSPACE_DIR: workspaceDir, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
  const ended = once(child, "close");
  return {
    child,
    workspaceDir,
    log: () => output,
    exitCode: async () => {
      await ended;
      return child.exitCode ?? undefined;
    },
  };
}
