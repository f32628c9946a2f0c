import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { type ApiContext, bodyOf, type RepositoryRequest, repositoryOf, restOf } from "./api-context.ts";
import { branchCommit, moveRef, NO_COMMIT, resolveName } from "./bare-repository.ts";
import { readCommit } from "./commit-reading.ts";
import { writeBlob, writeCommit, writeTree } from "./commit-writing.ts";
import { gitBytes, gitOrNothing } from "./git-command.ts";
import { GitHubError, notFound } from "./github-error.ts";
import type { RepositoryRecord } from "./records.ts";
import { renderGitCommit } from "./render.ts";
import { ACTOR } from "./repositories.ts";

const FileChange = z.object({
  message: z.string().min(1),
  content: z.base64().optional(),
  sha: z.string().optional(),
  branch: z.string().optional(),
});

interface Entry {
  mode: string;
  type: string;
  sha: string;
  path: string;
}

const PATH = "/repos/:owner/:repo/contents/*";

/** Files by path: read, write and remove, one commit for each change. */
export function addContentsRoutes(scope: FastifyInstance, context: ApiContext): void {
  const place = () => ({ owner: context.repositories.owner, publicUrl: context.publicUrl() });

  scope.get(PATH, async (request: RepositoryRequest, reply) => {
    const { record, directory } = await repositoryOf(context, request);
    const { ref } = request.query as { ref?: string };
    const commit = await resolveName(directory, ref ?? record.defaultBranch);
    if (commit === undefined)
      throw ref === undefined ? new GitHubError(404, "This repository is empty.") : noCommit(ref);
    const path = cleanPath(restOf(request));
    const entry = path === "" ? undefined : await findEntry(directory, commit, path);
    if (path !== "" && entry === undefined) throw notFound();
    if (entry?.type === "blob") {
      const content = await gitBytes(directory, ["cat-file", "blob", entry.sha]);
      const isRaw = /\braw\b/.test(request.headers.accept ?? "");
      if (isRaw) return reply.type("application/vnd.github.raw; charset=utf-8").send(content);
      const file = { ...renderEntry(entry), size: content.length };
      return { ...file, encoding: "base64", content: content.toString("base64") };
    }
    return (await listEntries(directory, commit, path === "" ? [] : [`${path}/`])).map(renderEntry);
  });

  scope.put(PATH, async (request: RepositoryRequest, reply) => {
    const change = bodyOf(request, FileChange, "Content");
    if (change.content === undefined) {
      throw new GitHubError(422, `Invalid request.\n\n"content" wasn't supplied.`);
    }
    const content = Buffer.from(change.content, "base64");
    const { commit, path, former, sha, record } = await commitChange(request, change, content);
    const file = { type: "file", name: path.split("/").at(-1), path, sha, size: content.length };
    return reply
      .code(former === undefined ? 201 : 200)
      .send({ content: file, commit: renderGitCommit(commit, record, place()) });
  });

  scope.delete(PATH, async (request: RepositoryRequest) => {
    const query = request.query as Record<string, string>;
    const change = bodyOf({ body: request.body ?? query }, FileChange, "Content");
    const { commit, record } = await commitChange(request, change, undefined);
    return { content: null, commit: renderGitCommit(commit, record, place()) };
  });

  /** One commit that writes the file, or removes it when there is no content. */
  async function commitChange(
    request: RepositoryRequest,
    { message, sha: claimed, branch: named }: z.infer<typeof FileChange>,
    content: Buffer | undefined,
  ) {
    const { record, directory } = await repositoryOf(context, request);
    const branch = named ?? record.defaultBranch;
    const path = cleanPath(restOf(request));
    const parent = await branchCommit(directory, branch);
    if (parent === undefined && !(await isEmpty(directory, record)))
      throw new GitHubError(404, `Branch ${branch} not found`);
    const former = parent === undefined ? undefined : await findEntry(directory, parent, path);
    requireClaim(path, former, claimed);
    if (content === undefined && former === undefined) throw notFound();

    const sha = content === undefined ? null : await writeBlob(directory, content);
    const tree = await writeTree(directory, { base: parent, changes: [{ path, mode: former?.mode ?? "100644", sha }] });
    if (tree === undefined) throw new GitHubError(422, "path contains a malformed path component");
    const signature = { name: ACTOR.name, email: ACTOR.email, date: new Date().toISOString() };
    const parents = parent === undefined ? [] : [parent];
    const id = await writeCommit(directory, { tree, parents, message, author: signature, committer: signature });
    const isMoved = await moveRef(directory, { ref: `refs/heads/${branch}`, to: id, from: parent ?? NO_COMMIT });
    if (!isMoved) throw new GitHubError(409, `is at another commit but expected ${parent ?? NO_COMMIT}`);
    await context.pulls.follow(record);
    const commit = await readCommit(directory, id);
    if (commit === undefined) throw notFound();
    return { commit, path, former, sha, record };
  }
}

/** Nobody overwrites what they have not seen: replacing a file takes the SHA of what it replaces. */
function requireClaim(path: string, former: Entry | undefined, claimed: string | undefined): void {
  if (former === undefined || former.sha === claimed) return;
  if (claimed === undefined) throw new GitHubError(422, `Invalid request.\n\n"sha" wasn't supplied.`);
  throw new GitHubError(409, `${path} does not match ${claimed}`);
}

async function isEmpty(directory: string, record: RepositoryRecord): Promise<boolean> {
  return (await branchCommit(directory, record.defaultBranch)) === undefined;
}

async function findEntry(directory: string, commit: string, path: string): Promise<Entry | undefined> {
  return (await listEntries(directory, commit, [path]))[0];
}

async function listEntries(directory: string, commit: string, paths: readonly string[]): Promise<Entry[]> {
  const env = { GIT_LITERAL_PATHSPECS: "1" };
  const output = await gitOrNothing(directory, ["ls-tree", "-z", commit, "--", ...paths], { env });
  const lines = (output ?? "").split("\0").filter(Boolean);
  return lines.map((line) => {
    const [head = "", path = ""] = line.split("\t");
    const [mode = "", type = "", sha = ""] = head.split(" ");
    return { mode, type, sha, path };
  });
}

function renderEntry({ type, sha, path }: Entry) {
  const kind = type === "tree" ? "dir" : type === "commit" ? "submodule" : "file";
  return { type: kind, name: path.split("/").at(-1), path, sha };
}

function cleanPath(path: string): string {
  return path.replace(/^\/+|\/+$/g, "");
}

function noCommit(ref: string): GitHubError {
  return new GitHubError(404, `No commit found for the ref ${ref}`);
}
