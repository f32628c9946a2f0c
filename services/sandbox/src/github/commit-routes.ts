import type { FastifyInstance } from "fastify";
import { type ApiContext, pageOf, paginate, type RepositoryRequest, repositoryOf, restOf } from "./api-context.ts";
import { branchCommit, isAncestor, listRefs, requireSomeCommit, resolveName } from "./bare-repository.ts";
import { changedFiles, diffText, listCommits, readCommit } from "./commit-reading.ts";
import { GitHubError, notFound } from "./github-error.ts";
import { renderCommit, renderFile } from "./render.ts";

const HEADS = "refs/heads/";

/** Branches, commits and comparisons. */
export function addCommitRoutes(scope: FastifyInstance, context: ApiContext): void {
  const place = () => ({ owner: context.repositories.owner, publicUrl: context.publicUrl() });

  scope.get("/repos/:owner/:repo/branches", async (request: RepositoryRequest, reply) => {
    const { directory } = await repositoryOf(context, request);
    const items = (await listRefs(directory, HEADS)).map(({ name, sha }) => ({
      name: name.slice(HEADS.length),
      commit: { sha },
      protected: false,
    }));
    return paginate(request, reply, { items });
  });

  scope.get("/repos/:owner/:repo/branches/*", async (request: RepositoryRequest) => {
    const { record, directory } = await repositoryOf(context, request);
    const name = restOf(request);
    const sha = await branchCommit(directory, name);
    const commit = sha === undefined ? undefined : await readCommit(directory, sha);
    if (commit === undefined) throw new GitHubError(404, "Branch not found");
    return { name, commit: renderCommit(commit, record, place()), protected: false };
  });

  scope.get("/repos/:owner/:repo/commits", async (request: RepositoryRequest) => {
    const { record, directory } = await repositoryOf(context, request);
    await requireSomeCommit(directory);
    const { sha: from } = request.query as { sha?: string };
    const sha = await resolveName(directory, from ?? record.defaultBranch);
    if (sha === undefined) throw notFound();
    const { skip, count } = pageOf(request);
    return (await listCommits(directory, [sha], { skip, count })).map((commit) =>
      renderCommit(commit, record, place()),
    );
  });

  scope.get("/repos/:owner/:repo/commits/*", async (request: RepositoryRequest, reply) => {
    const { record, directory } = await repositoryOf(context, request);
    const name = restOf(request);
    const sha = await resolveName(directory, name);
    const commit = sha === undefined ? undefined : await readCommit(directory, sha);
    if (commit === undefined) throw new GitHubError(422, `No commit found for SHA: ${name}`);
    const parent = commit.parents[0];
    if (/\bdiff\b/.test(request.headers.accept ?? "") && parent !== undefined) {
      return reply.type("text/plain; charset=utf-8").send(await diffText(directory, parent, commit.sha));
    }
    const files = parent === undefined ? [] : await changedFiles(directory, parent, commit.sha);
    return { ...renderCommit(commit, record, place()), files: files.map(renderFile) };
  });

  scope.get("/repos/:owner/:repo/compare/*", async (request: RepositoryRequest, reply) => {
    const { record, directory } = await repositoryOf(context, request);
    const [baseName = "", headName = ""] = restOf(request).split("...");
    const base = await resolveName(directory, withoutOwner(baseName));
    const head = await resolveName(directory, withoutOwner(headName));
    if (base === undefined || head === undefined) throw notFound();
    if (/\bdiff\b/.test(request.headers.accept ?? "")) {
      return reply.type("text/plain; charset=utf-8").send(await diffText(directory, base, head));
    }
    const ahead = await listCommits(directory, [head, `^${base}`]);
    const behind = await listCommits(directory, [base, `^${head}`]);
    return {
      status: await statusOf(directory, base, head),
      ahead_by: ahead.length,
      behind_by: behind.length,
      total_commits: ahead.length,
      commits: ahead.reverse().map((commit) => renderCommit(commit, record, place())),
      files: (await changedFiles(directory, base, head)).map(renderFile),
    };
  });
}

async function statusOf(directory: string, base: string, head: string): Promise<string> {
  if (base === head) return "identical";
  if (await isAncestor(directory, base, head)) return "ahead";
  return (await isAncestor(directory, head, base)) ? "behind" : "diverged";
}

function withoutOwner(name: string): string {
  return name.replace(/^[^:]*:/, "");
}
