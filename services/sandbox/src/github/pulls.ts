import { branchCommit, isAncestor, moveRef, resolveCommit } from "./bare-repository.ts";
import { listCommits } from "./commit-reading.ts";
import { type GitHubError, invalid, notFound } from "./github-error.ts";
import type { RecordFile } from "./record-file.ts";
import type { PullRecord, RepositoryRecord } from "./records.ts";
import type { Repositories } from "./repositories.ts";

export interface NewPull {
  title: string;
  body: string | null;
  head: string;
  base: string;
  isDraft: boolean;
}

export interface PullChange {
  title?: string | undefined;
  body?: string | null | undefined;
  state?: "open" | "closed" | undefined;
  base?: string | undefined;
}

export interface Pulls {
  /** Newest first. */
  list(record: RepositoryRecord): PullRecord[];
  /** @throws GitHubError 404. */
  get(record: RepositoryRecord, number: number): PullRecord;
  /** @throws GitHubError 422 for a branch that is not there, one without new commits, and one that has an open request. */
  open(record: RepositoryRecord, pull: NewPull): Promise<PullRecord>;
  change(record: RepositoryRecord, number: number, change: PullChange): Promise<PullRecord>;
  /** Brings open requests in line with their branches, as GitHub does after every push. */
  follow(record: RepositoryRecord): Promise<void>;
}

export function openPulls(repositories: Repositories, file: RecordFile): Pulls {
  const { records } = file;
  const ofRepository = ({ id }: RepositoryRecord) => records.pulls.filter(({ repositoryId }) => repositoryId === id);
  const get = (record: RepositoryRecord, number: number) => {
    const found = ofRepository(record).find((pull) => pull.number === number);
    if (found === undefined) throw notFound();
    return found;
  };

  return {
    get,
    list: (record) => ofRepository(record).reverse(),

    async open(record, { head, base, ...words }) {
      const directory = repositories.directoryOf(record);
      const { headSha, baseSha } = await requireBranches(directory, head, base);
      if ((await listCommits(directory, [headSha, `^${baseSha}`], { count: 1 })).length === 0) {
        throw invalid({ resource: "PullRequest", code: "custom", message: `No commits between ${base} and ${head}` });
      }
      // From here to `keep` nothing waits: two requests at once cannot both find no open one.
      refuseSecond(ofRepository(record), { head, base, owner: repositories.owner });
      const now = new Date().toISOString();
      const number = Math.max(0, ...ofRepository(record).map((pull) => pull.number)) + 1;
      const times = { createdAt: now, updatedAt: now, closedAt: null, mergedAt: null };
      const pull: PullRecord = {
        repositoryId: record.id,
        number,
        ...words,
        state: "open",
        head,
        base,
        headSha,
        baseSha,
        ...times,
      };
      records.pulls.push(pull);
      file.keep();
      await pointToHead(directory, pull);
      return pull;
    },

    async change(record, number, { title, body, state, base }) {
      const pull = get(record, number);
      const directory = repositories.directoryOf(record);
      const baseSha = base === undefined ? pull.baseSha : await branchCommit(directory, base);
      if (baseSha === undefined) throw invalidBranch("base");
      if (state === "open" && pull.state === "closed") {
        const isGone = (await branchCommit(directory, pull.head)) === undefined;
        if (isGone || pull.mergedAt !== null)
          throw invalid({ resource: "PullRequest", field: "state", code: "invalid" });
        refuseSecond(ofRepository(record), { head: pull.head, base: pull.base, owner: repositories.owner });
      }
      const now = new Date().toISOString();
      if (title !== undefined) pull.title = title;
      if (body !== undefined) pull.body = body;
      if (base !== undefined) pull.base = base;
      pull.baseSha = baseSha;
      if (state !== undefined && state !== pull.state) {
        pull.state = state;
        pull.closedAt = state === "closed" ? now : null;
      }
      pull.updatedAt = now;
      file.keep();
      return pull;
    },

    async follow(record) {
      const directory = repositories.directoryOf(record);
      for (const pull of ofRepository(record).filter(({ state }) => state === "open")) {
        await followBranch(directory, pull);
      }
      file.keep();
    },
  };
}

async function requireBranches(directory: string, head: string, base: string) {
  const headSha = await branchCommit(directory, head);
  const baseSha = await branchCommit(directory, base);
  if (headSha === undefined) throw invalidBranch("head");
  if (baseSha === undefined) throw invalidBranch("base");
  return { headSha, baseSha };
}

function invalidBranch(field: "head" | "base"): GitHubError {
  return invalid({ resource: "PullRequest", field, code: "invalid" });
}

function refuseSecond(
  pulls: readonly PullRecord[],
  { head, base, owner }: { head: string; base: string; owner: string },
) {
  const isOpen = pulls.some((pull) => pull.state === "open" && pull.head === head && pull.base === base);
  if (!isOpen) return;
  const message = `A pull request already exists for ${owner}:${head}.`;
  throw invalid({ resource: "PullRequest", code: "custom", message });
}

async function followBranch(directory: string, pull: PullRecord): Promise<void> {
  const now = new Date().toISOString();
  const headSha = await branchCommit(directory, pull.head);
  if (headSha !== undefined && headSha !== pull.headSha) {
    pull.headSha = headSha;
    pull.updatedAt = now;
    await pointToHead(directory, pull);
  }
  const base = await branchCommit(directory, pull.base);
  const isMerged = base !== undefined && base !== pull.baseSha && (await isAncestor(directory, pull.headSha, base));
  if (!isMerged && headSha !== undefined) return;
  pull.state = "closed";
  pull.closedAt = now;
  pull.updatedAt = now;
  if (isMerged) pull.mergedAt = now;
}

/** `refs/pull/{number}/head` keeps the commits when the branch goes. */
async function pointToHead(directory: string, { number, headSha }: PullRecord): Promise<void> {
  const ref = `refs/pull/${number}/head`;
  const from = (await resolveCommit(directory, ref)) ?? "0".repeat(40);
  await moveRef(directory, { ref, to: headSha, from });
}
