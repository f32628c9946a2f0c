import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { initBareRepository, moveRef, NO_COMMIT } from "./bare-repository.ts";
import { writeBlob, writeCommit, writeTree } from "./commit-writing.ts";
import { GitHubError, invalid, notFound } from "./github-error.ts";
import type { RecordFile } from "./record-file.ts";
import type { RepositoryRecord } from "./records.ts";

/** Who the token belongs to, in commits and answers. */
export const ACTOR = { login: "peerbot-bot", id: 1, name: "Peerbot", email: "peerbot-bot@users.noreply.github.com" };

export interface NewRepository {
  name: string;
  description: string | null;
  isPrivate: boolean;
  /** Begins with a README. */
  autoInit: boolean;
}

export interface Repositories {
  readonly owner: string;
  /** Newest first. */
  list(): RepositoryRecord[];
  /** Also by a former name; the record tells the present one. @throws GitHubError 404. */
  find(owner: string, name: string): Promise<RepositoryRecord>;
  /** @throws GitHubError 422 when the name is taken. */
  create(repository: NewRepository): Promise<RepositoryRecord>;
  /** @throws GitHubError 422 when the name is taken. */
  rename(record: RepositoryRecord, name: string): void;
  remove(record: RepositoryRecord): Promise<void>;
  /** Where its bare git repository lies. */
  directoryOf(record: RepositoryRecord): string;
  /** Keeps changes made to a record. */
  keep(): void;
}

/** The repositories of one organisation; the folders have ids for names, so that a rename moves nothing. */
export function openRepositories(directory: string, owner: string, file: RecordFile): Repositories {
  const { records } = file;
  /** Settles once the bare repository of an id is there; one that is being made must not be seen half made. */
  const making = new Map<number, Promise<void>>();
  mkdirSync(directory, { recursive: true });
  const directoryOf = ({ id }: RepositoryRecord) => join(directory, `${id}.git`);
  const findNamed = (name: string) => records.repositories.find((record) => isSame(record.name, name));

  return {
    owner,
    directoryOf,
    keep: () => file.keep(),
    list: () => [...records.repositories].reverse(),

    async find(ownerName, name) {
      if (!isSame(ownerName, owner)) throw notFound();
      const isFormer = ({ formerNames }: RepositoryRecord) => formerNames.some((former) => isSame(former, name));
      const found = findNamed(name) ?? records.repositories.find(isFormer);
      if (found === undefined) throw notFound();
      await making.get(found.id);
      return found;
    },

    async create({ name, description, isPrivate, autoInit }) {
      const safeName = requireFreeName(name);
      const now = new Date().toISOString();
      records.lastId += 1;
      const record: RepositoryRecord = {
        id: records.lastId,
        name: safeName,
        formerNames: [],
        description,
        isPrivate,
        isArchived: false,
        defaultBranch: "main",
        createdAt: now,
        updatedAt: now,
        pushedAt: now,
        collaborators: [],
      };
      releaseFormerName(safeName);
      // Listed before the first wait: of two requests for one name the second already meets it.
      records.repositories.push(record);
      file.keep();
      const made = make(directoryOf(record), record, autoInit);
      making.set(record.id, made);
      await made.finally(() => making.delete(record.id));
      return record;
    },

    rename(record, name) {
      const safeName = requireFreeName(name, record);
      releaseFormerName(safeName);
      record.formerNames = [...record.formerNames, record.name].filter((former) => !isSame(former, safeName));
      record.name = safeName;
      file.keep();
    },

    async remove(record) {
      records.repositories = records.repositories.filter(({ id }) => id !== record.id);
      records.pulls = records.pulls.filter(({ repositoryId }) => repositoryId !== record.id);
      file.keep();
      await rm(directoryOf(record), { recursive: true, force: true, maxRetries: 3 });
    },
  };

  /** GitHub turns what it does not like in a name into hyphens. */
  function requireFreeName(name: string, renamed?: RepositoryRecord): string {
    const safeName = name.replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 100);
    const isReserved = safeName === "." || safeName === ".." || /\.(git|wiki)$/i.test(safeName);
    if (safeName === "" || isReserved) {
      throw invalid({ resource: "Repository", field: "name", code: "custom", message: `${name} is a reserved name` });
    }
    const holder = findNamed(safeName);
    if (holder === undefined || holder === renamed) return safeName;
    const detail = {
      resource: "Repository",
      code: "custom",
      field: "name",
      message: "name already exists on this account",
    };
    throw new GitHubError(422, "Repository creation failed.", [detail]);
  }

  function releaseFormerName(name: string): void {
    for (const record of records.repositories) {
      record.formerNames = record.formerNames.filter((former) => !isSame(former, name));
    }
  }
}

async function make(directory: string, record: RepositoryRecord, autoInit: boolean): Promise<void> {
  await initBareRepository(directory, record.defaultBranch);
  if (!autoInit) return;
  const readme = [`# ${record.name}`, record.description].filter(Boolean).join("\n");
  const blob = await writeBlob(directory, readme);
  const tree = await writeTree(directory, {
    base: undefined,
    changes: [{ path: "README.md", mode: "100644", sha: blob }],
  });
  if (tree === undefined) throw new Error("git did not take README.md");
  const signature = { name: ACTOR.name, email: ACTOR.email, date: record.createdAt };
  const first = { tree, parents: [], message: "Initial commit", author: signature, committer: signature };
  const commit = await writeCommit(directory, first);
  await moveRef(directory, { ref: `refs/heads/${record.defaultBranch}`, to: commit, from: NO_COMMIT });
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
