import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { type ApiContext, bodyOf, paginate, type RepositoryRequest, repositoryOf } from "./api-context.ts";
import { changedFiles, diffText, listCommits } from "./commit-reading.ts";
import { git } from "./git-command.ts";
import { GitHubError, invalid, notFound } from "./github-error.ts";
import type { PullRecord, RepositoryRecord } from "./records.ts";
import { renderCommit, renderFile, renderPull } from "./render.ts";

const title = z.string().min(1, "title is missing").max(256, "title is too long (maximum is 256 characters)");
const body = z.string().max(65_536, "body is too long (maximum is 65536 characters)").nullish();

const NewPull = z.object({
  title,
  body,
  head: z.string().min(1),
  base: z.string().min(1),
  draft: z.boolean().default(false),
});
const PullChange = z.object({
  title: title.optional(),
  body,
  state: z.enum(["open", "closed"]).optional(),
  base: z.string().min(1).optional(),
});
const PullQuery = z.object({
  state: z.enum(["open", "closed", "all"]).default("open"),
  head: z.string().optional(),
  base: z.string().optional(),
});

const PULLS = "/repos/:owner/:repo/pulls";

/** Pull requests, with their files, commits and diffs as git computes them. */
export function addPullRoutes(scope: FastifyInstance, context: ApiContext): void {
  const { pulls, repositories } = context;
  const place = () => ({ owner: repositories.owner, publicUrl: context.publicUrl() });
  const found = async (request: RepositoryRequest) => {
    const { record, directory } = await repositoryOf(context, request);
    const number = Number(request.params.number);
    if (!Number.isSafeInteger(number)) throw notFound();
    return { record, directory, pull: pulls.get(record, number) };
  };

  scope.get(PULLS, async (request: RepositoryRequest, reply) => {
    const { record } = await repositoryOf(context, request);
    const query = PullQuery.safeParse(request.query);
    if (!query.success) throw invalid({ resource: "PullRequest", field: "state", code: "invalid" });
    const items = pulls.list(record).filter((pull) => isAskedFor(pull, query.data, repositories.owner));
    const page = paginate(request, reply, { items });
    return page.map((pull) => renderPull(pull, record, place()));
  });

  scope.post(PULLS, async (request: RepositoryRequest, reply) => {
    const { record } = await repositoryOf(context, request);
    const wanted = bodyOf(request, NewPull, "PullRequest");
    if (record.isArchived) throw new GitHubError(403, "Repository was archived so is read-only.");
    const pull = await pulls.open(record, {
      title: wanted.title,
      body: wanted.body ?? null,
      head: branchOf(wanted.head, repositories.owner),
      base: wanted.base,
      isDraft: wanted.draft,
    });
    return reply.code(201).send(await renderWhole(pull, record));
  });

  scope.get(`${PULLS}/:number`, async (request: RepositoryRequest, reply) => {
    const { record, directory, pull } = await found(request);
    const accept = request.headers.accept ?? "";
    if (/\bdiff\b/.test(accept)) {
      const diff = await diffText(directory, await baseOf(directory, pull), pull.headSha);
      return reply.type("application/vnd.github.diff; charset=utf-8").send(diff);
    }
    if (/\bpatch\b/.test(accept)) {
      const range = `${await baseOf(directory, pull)}..${pull.headSha}`;
      return reply
        .type("application/vnd.github.patch; charset=utf-8")
        .send(await git(directory, ["format-patch", "--stdout", range]));
    }
    return renderWhole(pull, record);
  });

  scope.patch(`${PULLS}/:number`, async (request: RepositoryRequest) => {
    const { record, pull } = await found(request);
    const change = bodyOf(request, PullChange, "PullRequest");
    return renderWhole(await pulls.change(record, pull.number, change), record);
  });

  scope.get(`${PULLS}/:number/files`, async (request: RepositoryRequest, reply) => {
    const { directory, pull } = await found(request);
    const items = await changedFiles(directory, await baseOf(directory, pull), pull.headSha);
    return paginate(request, reply, { items }).map(renderFile);
  });

  scope.get(`${PULLS}/:number/commits`, async (request: RepositoryRequest, reply) => {
    const { record, directory, pull } = await found(request);
    const commits = await listCommits(directory, [pull.headSha, `^${await baseOf(directory, pull)}`]);
    const page = paginate(request, reply, { items: commits.reverse() });
    return page.map((commit) => renderCommit(commit, record, place()));
  });

  async function renderWhole(pull: PullRecord, record: RepositoryRecord) {
    const directory = repositories.directoryOf(record);
    const base = await baseOf(directory, pull);
    const files = await changedFiles(directory, base, pull.headSha);
    const commits = await listCommits(directory, [pull.headSha, `^${base}`]);
    return {
      ...renderPull(pull, record, place()),
      merged: pull.mergedAt !== null,
      mergeable: null,
      mergeable_state: "unknown",
      commits: commits.length,
      additions: files.reduce((sum, { insertions }) => sum + insertions, 0),
      deletions: files.reduce((sum, { deletions }) => sum + deletions, 0),
      changed_files: files.length,
    };
  }
}

/** What a request is compared with: where its commits parted from the base as it was when the request was opened. */
export async function baseOf(directory: string, { baseSha, headSha }: PullRecord): Promise<string> {
  const parting = await git(directory, ["merge-base", baseSha, headSha]).catch(() => baseSha);
  return parting.trim();
}

function isAskedFor(pull: PullRecord, query: z.infer<typeof PullQuery>, owner: string): boolean {
  const isState = query.state === "all" || pull.state === query.state;
  const isHead = query.head === undefined || query.head.toLowerCase() === `${owner}:${pull.head}`.toLowerCase();
  return isState && isHead && (query.base === undefined || query.base === pull.base);
}

/** `owner:branch` or `branch`. @throws GitHubError 422 for somebody else's. */
function branchOf(head: string, owner: string): string {
  const [first = "", ...rest] = head.split(":");
  if (rest.length === 0) return head;
  if (first.toLowerCase() === owner.toLowerCase()) return rest.join(":");
  throw invalid({ resource: "PullRequest", field: "head", code: "invalid" });
}
