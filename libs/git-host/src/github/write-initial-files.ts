import type { Octokit } from "@octokit/rest";
import type { Repository } from "@peerbot/contracts";
import { GitHostError } from "../errors.ts";
import { type Doing, explaining, isGitHubFailure, wordsOf } from "./github-failure.ts";
import { INITIAL_ENTRIES, INITIAL_FILES } from "./initial-files.ts";

const STEP: Doing = { doing: "write the first files of the repository", permission: "Contents: write" };
const MAX_ROUNDS = 4;

interface Start {
  commit: string;
  tree: string;
  /** What lies at the top. */
  entries: string[];
}

/**
 * Adds the first files unless somebody is past them: a repository with more than one commit is left alone, whatever it
 * holds. Finishes what a crash left half done; done twice at once, it ends with one such commit.
 */
export async function writeInitialFiles(octokit: Octokit, repository: Repository): Promise<void> {
  await explaining(STEP, async () => {
    for (let round = 1; round <= MAX_ROUNDS; round += 1) {
      const start = await findStart(octokit, repository);
      if (start === "complete") return;
      const isWritten = start === "empty" ? false : await commitMissing(octokit, repository, start);
      if (isWritten) return;
      if (start === "empty") await writeReadme(octokit, repository);
    }
    throw new GitHostError(`${repository.owner}/${repository.name} kept changing while its first files were written`, {
      code: "github-unavailable",
    });
  });
}

async function findStart(octokit: Octokit, repository: Repository): Promise<Start | "complete" | "empty"> {
  const place = placeOf(repository);
  const commits = await listCommits(octokit, repository);
  const [only, ...others] = commits;
  if (only === undefined) return "empty";
  if (others.length > 0) return "complete";
  const tree = only.commit.tree.sha;
  const { data } = await octokit.git.getTree({ ...place, tree_sha: tree });
  const entries = data.tree.flatMap(({ path }) => (path === undefined ? [] : [path]));
  if (INITIAL_ENTRIES.every((entry) => entries.includes(entry))) return "complete";
  return { commit: only.sha, tree, entries };
}

async function listCommits(octokit: Octokit, repository: Repository) {
  try {
    const { data } = await octokit.repos.listCommits({
      ...placeOf(repository),
      sha: repository.defaultBranch,
      per_page: 2,
    });
    return data;
  } catch (error) {
    // "Git Repository is empty."
    if (isGitHubFailure(error) && error.status === 409) return [];
    throw error;
  }
}

/** Git's own objects cannot be made in a repository without any commit; a file can. */
async function writeReadme(octokit: Octokit, repository: Repository): Promise<void> {
  const content = Buffer.from(INITIAL_FILES.get("README.md") ?? "").toString("base64");
  try {
    await octokit.repos.createOrUpdateFileContents({
      ...placeOf(repository),
      path: "README.md",
      message: "Begin the workspace",
      content,
    });
  } catch (error) {
    // Somebody else was first (409 when at the same moment, 422 because the file is there now): look again.
    if (!(isGitHubFailure(error) && (error.status === 409 || error.status === 422))) throw error;
  }
}

/** One commit upon the one that is there. False when somebody else changed the branch first. */
async function commitMissing(octokit: Octokit, repository: Repository, start: Start): Promise<boolean> {
  const place = placeOf(repository);
  const isFresh = start.entries.length === 1 && start.entries[0] === "README.md";
  const missing = [...INITIAL_FILES].filter(([path]) => {
    const entry = path.replace(/\/.*/, "");
    // The README that GitHub wrote when it made the repository is replaced, one that a person wrote is not.
    return !start.entries.includes(entry) || (isFresh && path === "README.md");
  });
  const { data: tree } = await octokit.git.createTree({
    ...place,
    base_tree: start.tree,
    tree: missing.map(([path, content]) => ({ path, content, mode: "100644", type: "blob" })),
  });
  const message = "Set up the workspace";
  const { data: commit } = await octokit.git.createCommit({
    ...place,
    message,
    tree: tree.sha,
    parents: [start.commit],
  });
  try {
    await octokit.git.updateRef({ ...place, ref: `heads/${repository.defaultBranch}`, sha: commit.sha, force: false });
    return true;
  } catch (error) {
    if (isGitHubFailure(error) && error.status === 422 && /fast.?forward/i.test(wordsOf(error))) return false;
    throw error;
  }
}

function placeOf({ owner, name }: Repository): { owner: string; repo: string } {
  return { owner, repo: name };
}
