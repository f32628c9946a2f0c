import { createHash, randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import type { Signature } from "./commit-reading.ts";
import { git, gitOrNothing } from "./git-command.ts";

/** Writes the blob as git keeps loose objects; a process for each of a tree's files would take most of the time. */
export async function writeBlob(directory: string, content: string | Buffer): Promise<string> {
  const bytes = Buffer.from(content);
  const object = Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes]);
  const sha = createHash("sha1").update(object).digest("hex");
  const folder = join(directory, "objects", sha.slice(0, 2));
  const temporary = join(directory, `blob.${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  await writeFile(temporary, deflateSync(object), { mode: 0o444 });
  await rename(temporary, join(folder, sha.slice(2)));
  return sha;
}

export interface TreeChange {
  path: string;
  mode: string;
  /** Null takes the path away. */
  sha: string | null;
}

/** Writes a tree: the base with the changes in it. Undefined when git does not take one of the paths. */
export async function writeTree(
  directory: string,
  { base, changes }: { base: string | undefined; changes: readonly TreeChange[] },
): Promise<string | undefined> {
  if (!changes.every(({ path }) => isTreePath(path))) return undefined;
  // An index of its own: several requests may be at it at once.
  const index = join(directory, `index.${randomUUID()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    if (base !== undefined) await git(directory, ["read-tree", base], { env });
    const input = changes.map(
      ({ path, mode, sha }) => `${sha === null ? "0" : mode} ${sha ?? "0".repeat(40)}\t${path}\0`,
    );
    const updated = await gitOrNothing(directory, ["update-index", "-z", "--index-info"], {
      env,
      input: input.join(""),
    });
    return updated === undefined ? undefined : (await git(directory, ["write-tree"], { env })).trim();
  } finally {
    await rm(index, { force: true });
  }
}

/** Git only warns of such paths and leaves them out. */
function isTreePath(path: string): boolean {
  return path.split("/").every((part) => part !== "" && part !== "." && part !== ".." && !/^\.git$/i.test(part));
}

export interface NewCommit {
  tree: string;
  parents: readonly string[];
  message: string;
  author: Signature;
  committer: Signature;
}

export async function writeCommit(directory: string, { tree, parents, message, author, committer }: NewCommit) {
  const env = {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_AUTHOR_DATE: author.date,
    GIT_COMMITTER_NAME: committer.name,
    GIT_COMMITTER_EMAIL: committer.email,
    GIT_COMMITTER_DATE: committer.date,
  };
  const args = ["commit-tree", tree, ...parents.flatMap((parent) => ["-p", parent]), "-F", "-"];
  return (await git(directory, args, { env, input: message })).trim();
}
