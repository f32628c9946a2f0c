import type { Octokit } from "@octokit/rest";
import { type Person, Repository } from "@peerbot/contracts";
import { GitHostError } from "../errors.ts";
import { type Doing, explaining, isGitHubFailure, wordsOf } from "./github-failure.ts";
import { isOwnedBy, ownershipMark, requireSlackIds } from "./ownership.ts";
import { repositoryNamesFor } from "./repository-name.ts";
import { writeInitialFiles } from "./write-initial-files.ts";

export interface EnsureRepositoryPorts {
  octokit: Octokit;
  organization: string;
}

/** What we read of GitHub's repositories. */
interface GitHubRepository {
  name: string;
  owner: { login: string };
  description: string | null;
  default_branch?: string;
  html_url: string;
  archived?: boolean;
}

const FIND: Doing = { doing: "look for the repository", permission: "Metadata: read" };
const CREATE: Doing = { doing: "create a repository", permission: "Administration: write (organisation)" };

/** The person's own repository with its first files in it; finds it, or makes it. */
export async function ensureRepository(person: Person, ports: EnsureRepositoryPorts): Promise<Repository> {
  requireSlackIds(person);
  const found = (await findOwn(person, ports)) ?? (await createOwn(person, ports));
  if (found.archived) {
    throw new GitHostError(`${found.html_url} is archived, nothing can be pushed to it`, {
      code: "repository-archived",
    });
  }
  const repository = toRepository(found);
  await writeInitialFiles(ports.octokit, repository);
  return repository;
}

async function findOwn(person: Person, ports: EnsureRepositoryPorts): Promise<GitHubRepository | undefined> {
  // A name may lead to a repository that was moved away from the organisation.
  const isOurs = ({ owner }: GitHubRepository) => owner.login.toLowerCase() === ports.organization.toLowerCase();
  const isOwn = (candidate: GitHubRepository) => isOurs(candidate) && isOwnedBy(candidate.description, person);
  return explaining(FIND, async () => {
    for (const name of repositoryNamesFor(person)) {
      const candidate = await getRepository(ports, name);
      if (candidate !== undefined && isOwn(candidate)) return candidate;
    }
    // They may have been called something else when it was made.
    return (await search(person, ports)).find(isOwn) ?? (await listNewest(ports)).find(isOwn);
  });
}

async function search({ team, id }: Person, { octokit, organization }: EnsureRepositoryPorts) {
  const q = `"${ownershipMark({ team, id })}" in:description org:${organization}`;
  const { data } = await octokit.search.repos({ q, per_page: 100 });
  return data.items.flatMap((item) => (item.owner === null ? [] : [{ ...item, owner: item.owner }]));
}

/** The search learns of a new repository only after a while. */
async function listNewest({ octokit, organization }: EnsureRepositoryPorts): Promise<GitHubRepository[]> {
  const { data } = await octokit.repos.listForOrg({
    org: organization,
    sort: "created",
    direction: "desc",
    per_page: 100,
  });
  return data.map((item) => ({ ...item, description: item.description ?? null }));
}

async function createOwn(person: Person, ports: EnsureRepositoryPorts): Promise<GitHubRepository> {
  return explaining(CREATE, async () => {
    const names = repositoryNamesFor(person);
    for (const name of names) {
      const created = await createUnlessExists(person, name, ports);
      if (created !== undefined) return created;
      const existing = await getRepository(ports, name);
      if (existing === undefined) {
        const message = `${ports.organization}/${name} exists already, but GitHub does not show it yet`;
        throw new GitHostError(message, { code: "github-unavailable" });
      }
      // Another replica may have made it for the same person a moment ago.
      if (isOwnedBy(existing.description, person)) return existing;
    }
    const message = `all names for the repository of ${person.id} belong to others: ${names.join(", ")}`;
    throw new GitHostError(message, { code: "repository-name-taken" });
  });
}

/** The owner's mark is part of the creation: there is no moment at which the repository is nobody's. */
async function createUnlessExists(person: Person, name: string, { octokit, organization }: EnsureRepositoryPorts) {
  try {
    const { data } = await octokit.repos.createInOrg({
      org: organization,
      name,
      description: ownershipMark(person),
      private: true,
      auto_init: true,
      has_wiki: false,
      has_projects: false,
    });
    return data;
  } catch (error) {
    if (isGitHubFailure(error) && error.status === 422 && /already exists/i.test(wordsOf(error))) return undefined;
    throw error;
  }
}

async function getRepository(
  { octokit, organization }: EnsureRepositoryPorts,
  name: string,
): Promise<GitHubRepository | undefined> {
  try {
    const { data } = await octokit.repos.get({ owner: organization, repo: name });
    return data;
  } catch (error) {
    if (isGitHubFailure(error) && error.status === 404) return undefined;
    throw error;
  }
}

function toRepository({ owner, name, default_branch, html_url }: GitHubRepository): Repository {
  return Repository.parse({ owner: owner.login, name, defaultBranch: default_branch ?? "main", webUrl: html_url });
}
