import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32cOf, md5Of } from "./checksums.ts";
import { GcsError, noSuchObject } from "./gcs-error.ts";
import { StoredResource, type WritableMetadata, withMetadata } from "./object-resource.ts";
import { type Preconditions, requirePreconditions } from "./preconditions.ts";

export interface NewObject {
  name: string;
  content: Buffer;
  metadata: WritableMetadata;
  preconditions: Preconditions;
}

/** The objects of one bucket, on disk. Every change is whole or absent, also when the process dies in the middle. */
export interface ObjectStore {
  /** In the order of their names. */
  list(): StoredResource[];
  /** @throws GcsError 404, also when `generation` is not the current one. */
  get(name: string, generation?: string | null): StoredResource;
  find(name: string): StoredResource | undefined;
  read(resource: StoredResource): Promise<Buffer>;
  /** @throws GcsError 412 or 304 when a precondition does not hold at the moment of the change. */
  put(object: NewObject): Promise<StoredResource>;
  patch(name: string, changes: WritableMetadata, preconditions: Preconditions): StoredResource;
  remove(name: string, preconditions: Preconditions): void;
}

/** Opens the bucket kept in the directory, which is created when it does not exist. */
export function openObjectStore({ directory, bucket }: { directory: string; bucket: string }): ObjectStore {
  mkdirSync(directory, { recursive: true });
  const objects = readAll(directory);
  const contentPath = ({ name, generation }: StoredResource) =>
    join(directory, `${fileOf(name)}.${generation}.content`);
  const resourcePath = (name: string) => join(directory, `${fileOf(name)}.json`);

  const find = (name: string) => objects.get(name);
  const get = (name: string, generation?: string | null) => {
    const found = find(name);
    if (found === undefined || (generation && generation !== found.generation)) throw noSuchObject(bucket, name);
    return found;
  };
  const keep = (resource: StoredResource) => {
    replaceFile(resourcePath(resource.name), JSON.stringify(resource));
    objects.set(resource.name, resource);
    return resource;
  };

  return {
    find,
    get,
    list: () => [...objects.values()].sort((one, other) => (one.name < other.name ? -1 : 1)),
    read: async (resource) => {
      try {
        return await readFile(contentPath(resource));
      } catch (error) {
        if (objects.get(resource.name) !== resource) throw noSuchObject(bucket, resource.name);
        throw error;
      }
    },
    put: async ({ name, content, metadata, preconditions }) => {
      const resource = newResource({ bucket, name, content, metadata });
      requireChecksums(resource, metadata);
      await writeFile(contentPath(resource), content);
      // From here to the end nothing awaits: check and change are one step for every other request.
      const former = find(name);
      try {
        requirePreconditions(former, preconditions);
      } catch (error) {
        rmSync(contentPath(resource));
        throw error;
      }
      keep(resource);
      if (former !== undefined) rmSync(contentPath(former), { force: true });
      return resource;
    },
    patch: (name, changes, preconditions) => {
      const former = get(name);
      requirePreconditions(former, preconditions);
      const metageneration = String(Number(former.metageneration) + 1);
      return keep({ ...withMetadata(former, changes), metageneration, updated: new Date().toISOString() });
    },
    remove: (name, preconditions) => {
      const former = find(name);
      requirePreconditions(former, preconditions);
      if (former === undefined) throw noSuchObject(bucket, name);
      rmSync(resourcePath(name));
      rmSync(contentPath(former), { force: true });
      objects.delete(name);
    },
  };
}

function newResource({ bucket, name, content, metadata }: Omit<NewObject, "preconditions"> & { bucket: string }) {
  const now = new Date().toISOString();
  const resource: StoredResource = {
    name,
    bucket,
    generation: nextGeneration(),
    metageneration: "1",
    size: String(content.length),
    md5Hash: md5Of(content),
    crc32c: crc32cOf(content),
    timeCreated: now,
    updated: now,
  };
  return withMetadata(resource, { ...metadata, contentType: metadata.contentType ?? "application/octet-stream" });
}

function requireChecksums(resource: StoredResource, claimed: WritableMetadata): void {
  if (claimed.md5Hash !== undefined && claimed.md5Hash !== resource.md5Hash) {
    throw new GcsError(400, `Provided MD5 hash "${claimed.md5Hash}" doesn't match calculated MD5 hash.`);
  }
  if (claimed.crc32c !== undefined && claimed.crc32c !== resource.crc32c) {
    throw new GcsError(400, `Provided CRC32C "${claimed.crc32c}" doesn't match calculated CRC32C.`);
  }
}

let lastGeneration = 0n;

/** Microseconds since 1970, always rising, as GCS' own look. */
function nextGeneration(): string {
  const now = BigInt(Date.now()) * 1000n;
  lastGeneration = now > lastGeneration ? now : lastGeneration + 1n;
  return lastGeneration.toString();
}

function readAll(directory: string): Map<string, StoredResource> {
  const files = readdirSync(directory).filter((file) => file.endsWith(".json"));
  const resources = files.map((file) => StoredResource.parse(JSON.parse(readFileSync(join(directory, file), "utf8"))));
  return new Map(resources.map((resource) => [resource.name, resource]));
}

/** Object names may hold anything and be 1024 bytes long; file names may not. */
function fileOf(name: string): string {
  return createHash("sha256").update(name).digest("hex");
}

function replaceFile(path: string, content: string): void {
  const temporary = `${path}.${randomUUID()}.new`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}
