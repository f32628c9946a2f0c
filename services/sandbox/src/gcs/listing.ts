import type { StoredResource } from "./object-resource.ts";

export interface Listing {
  items: StoredResource[];
  prefixes: string[];
  nextPageToken?: string;
}

/** One page of a bucket's objects, which must come sorted by name. Prefixes count towards `maxResults`, as in GCS. */
export function listPage(sorted: readonly StoredResource[], query: URLSearchParams): Listing {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const after = query.has("pageToken") ? Buffer.from(query.get("pageToken") ?? "", "base64url").toString() : "";
  const maxResults = Math.min(Math.max(Number(query.get("maxResults") ?? 1000) || 1000, 1), 1000);
  const isWithin = isBetween(query.get("startOffset"), query.get("endOffset"));

  const page: Listing = { items: [], prefixes: [] };
  let last = "";
  for (const resource of sorted) {
    if (!resource.name.startsWith(prefix) || !isWithin(resource.name)) continue;
    const group = groupOf(resource.name, prefix, delimiter);
    const entry = group ?? resource.name;
    if (entry <= after || entry === last) continue;
    if (page.items.length + page.prefixes.length === maxResults) {
      return { ...page, nextPageToken: Buffer.from(last).toString("base64url") };
    }
    if (group === undefined) page.items.push(resource);
    else page.prefixes.push(group);
    last = entry;
  }
  return page;
}

function groupOf(name: string, prefix: string, delimiter: string): string | undefined {
  const at = delimiter === "" ? -1 : name.indexOf(delimiter, prefix.length);
  return at === -1 ? undefined : name.slice(0, at + delimiter.length);
}

function isBetween(start: string | null, end: string | null): (name: string) => boolean {
  return (name) => (start === null || name >= start) && (end === null || name < end);
}
