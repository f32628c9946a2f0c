import type { ChangedFile, Commit } from "./commit-reading.ts";
import type { PullRecord, RepositoryRecord } from "./records.ts";
import { ACTOR } from "./repositories.ts";

/** Addresses as answers carry them. */
export interface Place {
  owner: string;
  publicUrl: string;
}

export function renderAccount(login: string, type: "User" | "Organization" | "Bot", id: number, { publicUrl }: Place) {
  const api = `${publicUrl}/github/api/users/${login}`;
  return { login, id, node_id: `A_${id}`, type, site_admin: false, url: api, html_url: `${publicUrl}/github/${login}` };
}

export function renderActor(place: Place) {
  return renderAccount(ACTOR.login, "User", ACTOR.id, place);
}

export function renderRepository(record: RepositoryRecord, place: Place) {
  const { owner, publicUrl } = place;
  const path = `${owner}/${record.name}`;
  return {
    id: record.id,
    node_id: `R_${record.id}`,
    name: record.name,
    full_name: path,
    private: record.isPrivate,
    visibility: record.isPrivate ? "private" : "public",
    owner: renderAccount(owner, "Organization", 2, place),
    html_url: `${publicUrl}/github/${path}`,
    url: `${publicUrl}/github/api/repos/${path}`,
    clone_url: `${publicUrl}/github/git/${path}.git`,
    description: record.description,
    fork: false,
    archived: record.isArchived,
    disabled: false,
    default_branch: record.defaultBranch,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
    pushed_at: record.pushedAt,
    topics: [],
    permissions: { admin: true, maintain: true, push: true, triage: true, pull: true },
  };
}

/** As `git/commits` has it. */
export function renderGitCommit(commit: Commit, record: RepositoryRecord, { owner, publicUrl }: Place) {
  const api = `${publicUrl}/github/api/repos/${owner}/${record.name}/git`;
  const { sha, author, committer, message } = commit;
  const tree = { sha: commit.tree, url: `${api}/trees/${commit.tree}` };
  const parents = commit.parents.map((parent) => ({ sha: parent, url: `${api}/commits/${parent}` }));
  return { sha, node_id: `C_${sha}`, url: `${api}/commits/${sha}`, author, committer, message, tree, parents };
}

/** As `commits` has it. */
export function renderCommit(commit: Commit, record: RepositoryRecord, place: Place) {
  const { sha, author, committer, message, tree, parents } = renderGitCommit(commit, record, place);
  const path = `${place.owner}/${record.name}`;
  return {
    sha,
    node_id: `C_${sha}`,
    url: `${place.publicUrl}/github/api/repos/${path}/commits/${sha}`,
    html_url: `${place.publicUrl}/github/${path}/commit/${sha}`,
    commit: { author, committer, message, tree, comment_count: 0 },
    author: null,
    committer: null,
    parents,
  };
}

export function renderFile(file: ChangedFile) {
  return {
    filename: file.path,
    ...(file.formerPath !== undefined && { previous_filename: file.formerPath }),
    status: file.status,
    additions: file.insertions,
    deletions: file.deletions,
    changes: file.insertions + file.deletions,
  };
}

export function renderPull(pull: PullRecord, record: RepositoryRecord, place: Place) {
  const path = `${place.owner}/${record.name}`;
  const page = `${place.publicUrl}/github/${path}/pull/${pull.number}`;
  const end = (ref: string, sha: string) => ({
    label: `${place.owner}:${ref}`,
    ref,
    sha,
    user: renderAccount(place.owner, "Organization", 2, place),
    repo: renderRepository(record, place),
  });
  return {
    id: record.id * 100_000 + pull.number,
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title,
    body: pull.body,
    draft: pull.isDraft,
    html_url: page,
    url: `${place.publicUrl}/github/api/repos/${path}/pulls/${pull.number}`,
    diff_url: `${page}.diff`,
    user: renderActor(place),
    head: end(pull.head, pull.headSha),
    base: end(pull.base, pull.baseSha),
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    merged_at: pull.mergedAt,
    assignees: [],
    labels: [],
    requested_reviewers: [],
  };
}
