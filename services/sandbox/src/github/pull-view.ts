import type { ApiContext } from "./api-context.ts";
import { changedFiles, diffText } from "./commit-reading.ts";
import { baseOf } from "./pull-routes.ts";
import type { PullRecord, RepositoryRecord } from "./records.ts";

/** A pull request as a person looks at it. */
export interface PullRequestView {
  owner: string;
  repository: string;
  number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  isMerged: boolean;
  head: string;
  base: string;
  url: string;
  /** ISO 8601. */
  createdAt: string;
}

export interface PullRequestDiff {
  /** Unified diff. */
  text: string;
  files: Array<{ path: string; insertions: number; deletions: number; isBinary: boolean }>;
}

export interface PullView {
  /** Newest first. */
  all(): PullRequestView[];
  list(): Promise<PullRequestView[]>;
  find(
    owner: string,
    repository: string,
    number: number,
  ): Promise<(PullRequestView & { diff: string; files: number; insertions: number; deletions: number }) | undefined>;
  /** Undefined when there is no such pull request. */
  diff(owner: string, repository: string, number: number): Promise<PullRequestDiff | undefined>;
}

/** The pull requests of all repositories, for a page to show. */
export function openPullView({ repositories, pulls, publicUrl }: ApiContext): PullView {
  const view = (pull: PullRecord, { name }: RepositoryRecord): PullRequestView => ({
    owner: repositories.owner,
    repository: name,
    number: pull.number,
    title: pull.title,
    body: pull.body ?? "",
    state: pull.state,
    isMerged: pull.mergedAt !== null,
    head: pull.head,
    base: pull.base,
    url: `${publicUrl()}/github/${repositories.owner}/${name}/pull/${pull.number}`,
    createdAt: pull.createdAt,
  });

  const all = () =>
    repositories
      .list()
      .flatMap((record) => pulls.list(record).map((pull) => view(pull, record)))
      .sort((one, other) => (one.createdAt < other.createdAt ? 1 : -1));

  const locate = (owner: string, repository: string, number: number) => {
    const isIt = ({ name }: RepositoryRecord) => `${repositories.owner}/${name}`.toLowerCase() === wanted;
    const wanted = `${owner}/${repository}`.toLowerCase();
    const record = repositories.list().find(isIt);
    const pull = record && pulls.list(record).find((one) => one.number === number);
    return record === undefined || pull === undefined ? undefined : { record, pull };
  };

  const diffOf = async ({ record, pull }: { record: RepositoryRecord; pull: PullRecord }): Promise<PullRequestDiff> => {
    const directory = repositories.directoryOf(record);
    const base = await baseOf(directory, pull);
    const files = await changedFiles(directory, base, pull.headSha);
    return {
      text: await diffText(directory, base, pull.headSha),
      files: files.map(({ path, insertions, deletions, isBinary }) => ({ path, insertions, deletions, isBinary })),
    };
  };

  return {
    all,
    list: async () => all(),
    async find(owner, repository, number) {
      const found = locate(owner, repository, number);
      if (found === undefined) return undefined;
      const { text, files } = await diffOf(found);
      const sum = (count: "insertions" | "deletions") => files.reduce((total, file) => total + file[count], 0);
      const size = { files: files.length, insertions: sum("insertions"), deletions: sum("deletions") };
      return { ...view(found.pull, found.record), diff: text, ...size };
    },
    async diff(owner, repository, number) {
      const found = locate(owner, repository, number);
      return found === undefined ? undefined : diffOf(found);
    },
  };
}
