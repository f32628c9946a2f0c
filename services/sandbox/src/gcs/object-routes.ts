import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Buckets } from "./buckets.ts";
import { GcsError } from "./gcs-error.ts";
import { listPage } from "./listing.ts";
import { sendMedia } from "./media.ts";
import { renderResource } from "./object-resource.ts";
import { parsePreconditions, requirePreconditions } from "./preconditions.ts";
import {
  originOf,
  parseMetadata,
  queryOf,
  readBody,
  requireObjectName,
  segmentsAfterObjects,
} from "./request-parts.ts";

type BucketRequest = FastifyRequest<{ Params: { bucket: string } }>;

/**
 * Reading, changing, copying and removing objects. The routes end in a wildcard because the router cuts parameters
 * at 100 characters, which names of objects exceed.
 */
export function addObjectRoutes(scope: FastifyInstance, buckets: Buckets): void {
  const path = "/storage/v1/b/:bucket/o/*";

  scope.get("/storage/v1/b/:bucket/o", async (request: BucketRequest) => {
    const { items, ...page } = listPage(buckets.get(request.params.bucket).list(), queryOf(request));
    const origin = originOf(request);
    return { kind: "storage#objects", ...page, items: items.map((item) => renderResource(item, origin)) };
  });

  for (const url of [path, `/download${path}`]) scope.get(url, read);

  scope.patch(path, async (request: BucketRequest) => {
    const changes = parseMetadata(await readBody(request.raw));
    const store = buckets.get(request.params.bucket);
    return renderResource(store.patch(nameOf(request), changes, conditionsOf(request)), originOf(request));
  });

  scope.delete(path, async (request: BucketRequest, reply) => {
    const store = buckets.get(request.params.bucket);
    const generation = queryOf(request).get("generation");
    if (generation !== null) store.get(nameOf(request), generation);
    store.remove(nameOf(request), conditionsOf(request));
    return reply.code(204).send();
  });

  scope.post(path, async (request: BucketRequest) => {
    const { source, method, target } = parseCopy(request);
    const overrides = parseMetadata(await readBody(request.raw));
    const query = queryOf(request);
    const from = buckets.get(request.params.bucket);
    const original = from.get(source, query.get("sourceGeneration"));
    requirePreconditions(original, parsePreconditions(query, { source: true }));
    const content = await from.read(original);
    const metadata = { ...original, ...overrides };
    const copy = await buckets
      .get(target.bucket)
      .put({ name: requireObjectName(target.name), content, metadata, preconditions: parsePreconditions(query) });
    const resource = renderResource(copy, originOf(request));
    if (method === "copyTo") return resource;
    const size = String(content.length);
    return { kind: "storage#rewriteResponse", totalBytesRewritten: size, objectSize: size, done: true, resource };
  });

  async function read(request: BucketRequest, reply: FastifyReply): Promise<unknown> {
    const store = buckets.get(request.params.bucket);
    const isMedia = queryOf(request).get("alt") === "media";
    const resource = store.find(nameOf(request));
    requirePreconditions(resource, conditionsOf(request));
    const current = store.get(nameOf(request), queryOf(request).get("generation"));
    if (!isMedia) return renderResource(current, originOf(request));
    return sendMedia(request, reply, { resource: current, content: await store.read(current) });
  }
}

function nameOf(request: FastifyRequest): string {
  const segments = segmentsAfterObjects(request);
  if (segments.length !== 1) throw new GcsError(404, "Not Found: a slash in an object's name must be sent as %2F.");
  return requireObjectName(segments[0]);
}

function conditionsOf(request: FastifyRequest) {
  return parsePreconditions(queryOf(request));
}

/** `{source}/rewriteTo/b/{bucket}/o/{target}`, or `copyTo` in the same place. */
function parseCopy(request: FastifyRequest) {
  const [source, method, b, bucket, o, name, ...more] = segmentsAfterObjects(request);
  const isCopy = (method === "rewriteTo" || method === "copyTo") && b === "b" && o === "o" && more.length === 0;
  if (!isCopy || bucket === undefined) throw new GcsError(404, "Not Found");
  return { source: requireObjectName(source), method, target: { bucket, name } };
}
