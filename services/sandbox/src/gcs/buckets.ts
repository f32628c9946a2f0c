import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { GcsError, noSuchBucket } from "./gcs-error.ts";
import { type ObjectStore, openObjectStore } from "./object-store.ts";

export interface Buckets {
  /** @throws GcsError 404. */
  get(name: string): ObjectStore;
  /** @throws GcsError 400 for a name GCS would not take, 409 when it exists. */
  create(name: string): void;
  /** Creates it unless it exists. @throws GcsError 400. */
  ensure(name: string): void;
}

/** The buckets kept as folders of the directory. */
export function openBuckets(directory: string): Buckets {
  const open = (name: string) => openObjectStore({ directory: join(directory, name), bucket: name });
  const names = existsSync(directory) ? readdirSync(directory).filter(isBucketName) : [];
  const buckets = new Map(names.map((name) => [name, open(name)]));
  return {
    get: (name) => {
      const bucket = buckets.get(name);
      if (bucket === undefined) throw noSuchBucket();
      return bucket;
    },
    create: (name) => {
      if (buckets.has(name)) throw new GcsError(409, "Your previous request to create the named bucket succeeded.");
      add(name);
    },
    ensure: (name) => {
      if (!buckets.has(name)) add(name);
    },
  };

  function add(name: string): void {
    if (!isBucketName(name)) throw new GcsError(400, `Invalid bucket name: '${name}'`);
    buckets.set(name, open(name));
  }
}

function isBucketName(name: string): boolean {
  return /^[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){1,61}[a-z0-9]$/.test(name);
}

/** A bucket as the API answers it. */
export function renderBucket(name: string, origin: string): Record<string, unknown> {
  return {
    kind: "storage#bucket",
    id: name,
    name,
    selfLink: `${origin}/storage/v1/b/${name}`,
    projectNumber: "1",
    location: "US",
    locationType: "multi-region",
    storageClass: "STANDARD",
    metageneration: "1",
    etag: "CAE=",
  };
}
