import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { GitHubError, type GitHubErrorDetail, invalid } from "./github-error.ts";
import type { Pulls } from "./pulls.ts";
import type { RepositoryRecord } from "./records.ts";
import type { Repositories } from "./repositories.ts";

/** What the routes of the REST API work with. */
export interface ApiContext {
  repositories: Repositories;
  pulls: Pulls;
  /** Where the page is, without a slash at the end. */
  publicUrl: () => string;
  /** How long a new repository stays unknown to the search, in milliseconds. */
  searchDelayMs: number;
}

export type RepositoryRequest = FastifyRequest<{
  Params: { owner: string; repo: string; "*"?: string; number?: string; login?: string };
}>;

/** The repository the path names and where its git repository lies. @throws GitHubError 404. */
export async function repositoryOf(
  { repositories }: Pick<ApiContext, "repositories">,
  request: RepositoryRequest,
): Promise<{ record: RepositoryRecord; directory: string }> {
  const record = await repositories.find(request.params.owner, request.params.repo);
  return { record, directory: repositories.directoryOf(record) };
}

/** The end of the path that the route left open: a branch, a ref, a file. */
export function restOf(request: RepositoryRequest): string {
  return request.params["*"] ?? "";
}

/** The body as the schema wants it. @throws GitHubError 422 naming each field that is wrong or missing. */
export function bodyOf<T>(request: Pick<FastifyRequest, "body">, schema: z.ZodType<T>, resource: string): T {
  // Octokit sends empty text where a call has no body.
  const parsed = schema.safeParse(request.body || {});
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map((issue): GitHubErrorDetail => {
    const isMissing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
    const field = issue.path.join(".");
    return { resource, field, code: isMissing ? "missing_field" : "invalid", message: issue.message };
  });
  throw invalid(...details);
}

const Page = z.object({
  per_page: z.coerce.number().int().positive().default(30),
  page: z.coerce.number().int().positive().default(1),
});

/** Which slice the request asks for; at most 100 at once, as at GitHub. */
export function pageOf(request: FastifyRequest): { skip: number; count: number; page: number } {
  const parsed = Page.safeParse(request.query);
  if (!parsed.success) throw new GitHubError(422, "per_page and page must be positive numbers");
  const count = Math.min(parsed.data.per_page, 100);
  return { skip: (parsed.data.page - 1) * count, count, page: parsed.data.page };
}

/** Cuts the page out of all items, and tells in `Link` where the others are. */
export function paginate<T>(request: FastifyRequest, reply: FastifyReply, { items }: { items: readonly T[] }): T[] {
  const { skip, count, page } = pageOf(request);
  const last = Math.max(1, Math.ceil(items.length / count));
  const linkTo = (number: number, rel: string) => {
    // Whoever asked goes on asking where it did.
    const url = new URL(request.url, `${request.protocol}://${request.host}`);
    url.searchParams.set("page", String(number));
    return `<${url}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [linkTo(page - 1, "prev"), linkTo(1, "first")] : []),
    ...(page < last ? [linkTo(page + 1, "next"), linkTo(last, "last")] : []),
  ];
  if (links.length > 0) reply.header("link", links.join(", "));
  return items.slice(skip, skip + count);
}
