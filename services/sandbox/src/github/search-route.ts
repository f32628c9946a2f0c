import type { FastifyInstance } from "fastify";
import { type ApiContext, paginate } from "./api-context.ts";
import { invalid } from "./github-error.ts";
import type { RepositoryRecord } from "./records.ts";

export interface RepositorySearch {
  /** Words and quoted phrases; each must be found. */
  terms: string[];
  /** Organisations and users; any when empty. */
  owners: string[];
  /** Where the terms are looked for. */
  fields: string[];
}

/** Repository search with `org:`, `user:` and `in:`; a new repository is found only after a while, as at GitHub. */
export function addSearchRoute(
  scope: FastifyInstance,
  context: ApiContext,
  render: (record: RepositoryRecord) => object,
): void {
  scope.get<{ Querystring: { q?: string } }>("/search/repositories", async (request, reply) => {
    const query = request.query.q ?? "";
    if (query.trim() === "") throw invalid({ resource: "Search", field: "q", code: "missing" });
    const search = parseSearch(query);
    const { owner } = context.repositories;
    const isInOwner = search.owners.length === 0 || search.owners.includes(owner.toLowerCase());
    const before = Date.now() - context.searchDelayMs;
    const found = context.repositories
      .list()
      .filter((record) => isInOwner && Date.parse(record.createdAt) <= before && isFound(record, search));
    const items = paginate(request, reply, { items: found }).map(render);
    return { total_count: found.length, incomplete_results: false, items };
  });
}

export function parseSearch(query: string): RepositorySearch {
  const search: RepositorySearch = { terms: [], owners: [], fields: [] };
  for (const [, qualifier, phrase, value] of query.matchAll(/(?:(\w+):)?(?:"([^"]*)"|(\S+))/g)) {
    const text = (phrase ?? value ?? "").toLowerCase();
    if (qualifier === undefined) search.terms.push(text);
    else if (qualifier === "org" || qualifier === "user") search.owners.push(text);
    else if (qualifier === "in") search.fields.push(...text.split(","));
  }
  if (search.fields.length === 0) search.fields.push("name", "description");
  return search;
}

function isFound({ name, description }: RepositoryRecord, { terms, fields }: RepositorySearch): boolean {
  const texts: Record<string, string> = { name, description: description ?? "" };
  const haystack = fields
    .map((field) => texts[field] ?? "")
    .join("\n")
    .toLowerCase();
  return terms.every((term) => haystack.includes(term));
}
