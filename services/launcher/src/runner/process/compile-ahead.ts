import { execFile } from "node:child_process";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Logger, messageOf } from "@peerbot/runtime";

/** Code of the worker's program as Node compiled it: with it a worker is up with half the work. */
export interface CompiledCode extends AsyncDisposable {
  /** For NODE_COMPILE_CACHE; undefined until it is made. */
  readonly folder: string | undefined;
}

export interface CompileAheadOptions {
  /** The worker's program and arguments. */
  command: readonly [string, ...string[]];
  /** Where the folder is made. */
  directory: string;
  searchPath: string;
  logger: Pick<Logger, "warn">;
}

const NAME = /^\.compiled-(\d+)$/;

/**
 * Makes it in the background, for this launcher alone and anew each time: workers can write to it, as they can to
 * everything else of the user they share with the launcher, so that it must not outlive what began with it.
 */
export function compileAhead({ command, directory, searchPath, logger }: CompileAheadOptions): CompiledCode {
  const [node, ...program] = command;
  const folder = join(directory, `.compiled-${process.pid}`);
  const leaving = new AbortController();
  let isMade = false;

  async function make(): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await removeLeftovers(directory);
    await rm(folder, { recursive: true, force: true });
    await promisify(execFile)(node, [...program, "--load"], {
      env: { PATH: searchPath, NODE_COMPILE_CACHE: folder },
      signal: leaving.signal,
    });
    isMade = true;
  }

  const making = make().catch((error: unknown) => {
    // Workers start without it, only slower.
    if (!leaving.signal.aborted) logger.warn({ reason: messageOf(error) }, "worker-not-compiled-ahead");
  });
  return {
    get folder() {
      return isMade ? folder : undefined;
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await making;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Of launchers that died. */
async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const pid = Number(NAME.exec(name)?.[1] ?? 0);
    if (pid > 0 && !isThere(pid)) await rm(join(directory, name), { recursive: true, force: true });
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
