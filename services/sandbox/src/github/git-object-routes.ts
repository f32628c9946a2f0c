import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { type ApiContext, bodyOf, type RepositoryRequest, repositoryOf, restOf } from "./api-context.ts";
import { isFullRef, isSha, objectTypes, requireSomeCommit } from "./bare-repository.ts";
import { readCommit, type Signature } from "./commit-reading.ts";
import { writeBlob, writeCommit, writeTree } from "./commit-writing.ts";
import { git, gitBytes, gitOrNothing } from "./git-command.ts";
import { GitHubError, notFound } from "./github-error.ts";
import { renderGitCommit } from "./render.ts";
import { ACTOR } from "./repositories.ts";

const Sha = z.string().regex(/^[0-9a-f]{40}$/, "is not a SHA");
const NewBlob = z.object({ content: z.string(), encoding: z.enum(["utf-8", "base64"]).default("utf-8") });
const TreeEntry = z.object({
  path: z.string().min(1),
  mode: z.enum(["100644", "100755", "040000", "160000", "120000"]).default("100644"),
  type: z.string().optional(),
  /** Null takes the path away. */
  sha: Sha.nullish(),
  content: z.string().optional(),
});
const NewTree = z.object({ base_tree: z.string().optional(), tree: z.array(TreeEntry).min(1) });
const Person = z.object({ name: z.string(), email: z.string(), date: z.string().optional() });
const NewCommit = z.object({
  message: z.string().min(1),
  tree: Sha,
  parents: z.array(Sha).default([]),
  author: Person.optional(),
  committer: Person.optional(),
});

const GIT = "/repos/:owner/:repo/git";

/** Blobs, trees and commits as git itself has them. */
export function addGitObjectRoutes(scope: FastifyInstance, context: ApiContext): void {
  const place = () => ({ owner: context.repositories.owner, publicUrl: context.publicUrl() });

  scope.post(`${GIT}/blobs`, async (request: RepositoryRequest, reply) => {
    const { directory } = await repositoryOf(context, request);
    const { content, encoding } = bodyOf(request, NewBlob, "Blob");
    await requireSomeCommit(directory);
    return reply.code(201).send({ sha: await writeBlob(directory, Buffer.from(content, encoding)) });
  });

  scope.get(`${GIT}/blobs/*`, async (request: RepositoryRequest) => {
    const { directory } = await repositoryOf(context, request);
    const sha = restOf(request);
    const [type] = isSha(sha) ? await objectTypes(directory, [sha]) : [];
    if (type !== "blob") throw notFound();
    const content = await gitBytes(directory, ["cat-file", "blob", sha]);
    return { sha, size: content.length, encoding: "base64", content: content.toString("base64") };
  });

  scope.post(`${GIT}/trees`, async (request: RepositoryRequest, reply) => {
    const { directory } = await repositoryOf(context, request);
    const { base_tree, tree } = bodyOf(request, NewTree, "Tree");
    await requireSomeCommit(directory);
    const base = base_tree === undefined ? undefined : await treeOf(directory, base_tree);
    const changes = [];
    for (const { path, mode, sha, content } of tree) {
      changes.push({ path, mode, sha: content === undefined ? (sha ?? null) : await writeBlob(directory, content) });
    }
    const sha = await writeTree(directory, { base, changes });
    if (sha === undefined) throw new GitHubError(422, "tree.path contains a malformed path component");
    return reply.code(201).send(await renderTree(directory, sha, { isRecursive: false }));
  });

  scope.get(`${GIT}/trees/*`, async (request: RepositoryRequest) => {
    const { directory } = await repositoryOf(context, request);
    await requireSomeCommit(directory);
    const { recursive } = request.query as { recursive?: string };
    const tree = await treeOf(directory, restOf(request));
    return renderTree(directory, tree, { isRecursive: recursive !== undefined });
  });

  scope.post(`${GIT}/commits`, async (request: RepositoryRequest, reply) => {
    const { record, directory } = await repositoryOf(context, request);
    const { message, tree, parents, ...people } = bodyOf(request, NewCommit, "Commit");
    await requireSomeCommit(directory);
    const [treeType, ...parentTypes] = await objectTypes(directory, [tree, ...parents]);
    if (treeType !== "tree") throw new GitHubError(422, "Tree SHA does not exist");
    if (parentTypes.some((type) => type !== "commit")) {
      throw new GitHubError(422, "Parent SHA does not exist or is not a commit object");
    }
    const author = signatureOf(people.author);
    const committer = people.committer === undefined ? author : signatureOf(people.committer);
    const commit = { tree, parents, message, author, committer };
    const sha = await writeCommit(directory, commit);
    return reply.code(201).send(renderGitCommit({ sha, ...commit }, record, place()));
  });

  scope.get(`${GIT}/commits/*`, async (request: RepositoryRequest) => {
    const { record, directory } = await repositoryOf(context, request);
    const sha = restOf(request);
    const [type] = isSha(sha) ? await objectTypes(directory, [sha]) : [];
    const commit = type === "commit" ? await readCommit(directory, sha) : undefined;
    if (commit === undefined) throw notFound();
    return renderGitCommit(commit, record, place());
  });
}

/** The tree of a tree, a commit or a branch. @throws GitHubError 404. */
async function treeOf(directory: string, name: string): Promise<string> {
  const revision = isSha(name) ? name : `refs/heads/${name}`;
  const isSafe = isSha(revision) || isFullRef(revision);
  const args = ["rev-parse", "--verify", "--quiet", `${revision}^{tree}`];
  const tree = isSafe ? await gitOrNothing(directory, args) : undefined;
  if (tree === undefined) throw notFound();
  return tree.trim();
}

async function renderTree(directory: string, sha: string, { isRecursive }: { isRecursive: boolean }) {
  const args = ["ls-tree", "-z", "--long", ...(isRecursive ? ["-r", "-t"] : []), sha];
  const entries = (await git(directory, args)).split("\0").filter(Boolean);
  const tree = entries.map((entry) => {
    const tab = entry.indexOf("\t");
    const [mode = "", type = "", entrySha = "", size = "-"] = entry.slice(0, tab).split(/ +/);
    return { path: entry.slice(tab + 1), mode, type, sha: entrySha, ...(size !== "-" && { size: Number(size) }) };
  });
  return { sha, tree, truncated: false };
}

function signatureOf(person: z.infer<typeof Person> | undefined): Signature {
  const date = person?.date ?? new Date().toISOString();
  return { name: person?.name ?? ACTOR.name, email: person?.email ?? ACTOR.email, date };
}
