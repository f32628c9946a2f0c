import { z } from "zod";

/** What a client may say about an object, in an upload or a PATCH; a null takes a field away. */
export const WritableMetadata = z.object({
  name: z.string().optional(),
  contentType: z.string().nullish(),
  contentEncoding: z.string().nullish(),
  contentDisposition: z.string().nullish(),
  contentLanguage: z.string().nullish(),
  cacheControl: z.string().nullish(),
  metadata: z.record(z.string(), z.string().nullable()).nullish(),
  md5Hash: z.string().optional(),
  crc32c: z.string().optional(),
});
export type WritableMetadata = z.infer<typeof WritableMetadata>;

/** An object as kept on disk: the JSON resource without what follows from its place. Numbers are strings, as in the API. */
export const StoredResource = z.object({
  name: z.string(),
  bucket: z.string(),
  generation: z.string(),
  metageneration: z.string(),
  contentType: z.string().optional(),
  contentEncoding: z.string().optional(),
  contentDisposition: z.string().optional(),
  contentLanguage: z.string().optional(),
  cacheControl: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  size: z.string(),
  md5Hash: z.string(),
  crc32c: z.string(),
  timeCreated: z.string(),
  updated: z.string(),
});
export type StoredResource = z.infer<typeof StoredResource>;

const FIELDS = ["contentType", "contentEncoding", "contentDisposition", "contentLanguage", "cacheControl"] as const;

/** The resource with the changes in it; custom metadata is merged key by key, as PATCH does. */
export function withMetadata(resource: StoredResource, changes: WritableMetadata): StoredResource {
  const result: StoredResource = { ...resource };
  for (const field of FIELDS) {
    const value = changes[field];
    if (value === null) delete result[field];
    else if (value !== undefined) result[field] = value;
  }
  if (changes.metadata === null) delete result.metadata;
  else if (changes.metadata !== undefined) result.metadata = mergeCustom(result.metadata ?? {}, changes.metadata);
  return result;
}

/** The resource as the API answers it. */
export function renderResource(resource: StoredResource, origin: string): Record<string, unknown> {
  const path = `/storage/v1/b/${resource.bucket}/o/${encodeURIComponent(resource.name)}`;
  return {
    kind: "storage#object",
    id: `${resource.bucket}/${resource.name}/${resource.generation}`,
    selfLink: `${origin}${path}`,
    mediaLink: `${origin}/download${path}?generation=${resource.generation}&alt=media`,
    ...resource,
    storageClass: "STANDARD",
    etag: etagOf(resource),
  };
}

export function etagOf({ generation, metageneration }: StoredResource): string {
  return Buffer.from(`${generation}/${metageneration}`).toString("base64");
}

function mergeCustom(current: Record<string, string>, changes: Record<string, string | null>): Record<string, string> {
  const entries = Object.entries({ ...current, ...changes });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
}
