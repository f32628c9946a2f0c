import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { ConversationStoreError } from "./errors.ts";

export interface FileLockOptions {
  /** How long to wait for others, in milliseconds. */
  waitMs: number;
  /** A lock this old is abandoned, whoever made it, in milliseconds; far more than holding it takes. */
  abandonedAfterMs: number;
}

/**
 * Holds an exclusive lock, good across processes, while the action runs. A lock whose process died is taken over.
 * @throws ConversationStoreError (retryable) when others hold it for too long.
 */
export async function withFileLock<T>(path: string, options: FileLockOptions, action: () => Promise<T>): Promise<T> {
  const owner = `${hostname()} ${process.pid} ${randomUUID()}`;
  const claim = `${path}.${randomUUID()}`;
  await writeFile(claim, owner);
  try {
    await acquire(path, claim, options);
  } finally {
    await rm(claim, { force: true });
  }
  try {
    return await action();
  } finally {
    // Not if it was taken over: then it is the other's to remove.
    if ((await readOwner(path)) === owner) await rm(path, { force: true });
  }
}

async function acquire(path: string, claim: string, { waitMs, abandonedAfterMs }: FileLockOptions): Promise<void> {
  const deadline = Date.now() + waitMs;
  // A link appears with its content in it, so that nobody ever reads a lock without an owner.
  while (!(await linkUnlessExists(claim, path))) {
    await removeIfAbandoned(path, abandonedAfterMs);
    if (Date.now() > deadline) {
      throw new ConversationStoreError(`${path} is held by another process for more than ${waitMs / 1000} s`, {
        code: "conversation-store-unavailable",
      });
    }
    await sleep(2 + Math.random() * 8);
  }
}

async function linkUnlessExists(claim: string, path: string): Promise<boolean> {
  try {
    await link(claim, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

async function removeIfAbandoned(path: string, abandonedAfterMs: number): Promise<void> {
  const owner = await readOwner(path);
  if (owner === undefined) return;
  const isAbandoned = isDead(owner) || (await ageOf(path)) > abandonedAfterMs;
  if (!isAbandoned) return;
  // Moved away rather than removed: between the look and the move somebody else may have taken it over already.
  const aside = `${path}.${randomUUID()}.abandoned`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  if ((await readOwner(aside)) !== owner) await linkUnlessExists(aside, path);
  await rm(aside, { force: true });
}

/** Only a process of this machine can be known to be dead. */
function isDead(owner: string): boolean {
  const [host, pid] = owner.split(" ");
  if (host !== hostname()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return hasCode(error, "ESRCH");
  }
}

async function readOwner(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function ageOf(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return 0;
    throw error;
  }
}

/** Whether the error is the file system's with this code, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
