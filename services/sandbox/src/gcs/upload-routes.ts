import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Buckets } from "./buckets.ts";
import { GcsError } from "./gcs-error.ts";
import { parseMultipartRelated } from "./multipart.ts";
import { renderResource, type StoredResource, type WritableMetadata } from "./object-resource.ts";
import { type Preconditions, parsePreconditions, requirePreconditions } from "./preconditions.ts";
import { originOf, parseMetadata, queryOf, readBody, requireObjectName } from "./request-parts.ts";
import { parseContentRange, ReceivedBytes } from "./resumable-session.ts";

interface Upload {
  bucket: string;
  name: string;
  metadata: WritableMetadata;
  preconditions: Preconditions;
}

interface ResumableUpload extends Upload {
  received: ReceivedBytes;
  result?: StoredResource;
}

type BucketRequest = FastifyRequest<{ Params: { bucket: string } }>;

const PATH = "/upload/storage/v1/b/:bucket/o";

/** Uploads: in one request (`media`, `multipart`) or in several (`resumable`). */
export function addUploadRoutes(scope: FastifyInstance, buckets: Buckets): void {
  const resumable = new Map<string, ResumableUpload>();

  const store = (upload: Upload, content: Buffer) => buckets.get(upload.bucket).put({ ...upload, content });

  scope.post(PATH, async (request: BucketRequest, reply) => {
    const uploadType = queryOf(request).get("uploadType");
    buckets.get(request.params.bucket);
    if (uploadType === "resumable") return begin(request, reply);
    if (uploadType !== "multipart" && uploadType !== "media") {
      throw new GcsError(400, `Unknown uploadType '${uploadType ?? ""}': use multipart, media or resumable.`);
    }
    const { upload, content } = uploadType === "multipart" ? await readMultipart(request) : await readMedia(request);
    return renderResource(await store(upload, content), originOf(request));
  });

  scope.put(PATH, async (request: BucketRequest, reply) => {
    const upload = findUpload(request);
    const range = parseContentRange(request.headers["content-range"]);
    if (upload.result !== undefined) return renderResource(upload.result, originOf(request));
    if (range.kind === "bytes") {
      // Taken as they arrive: what a broken connection has delivered needs not be sent again.
      let offset = range.start;
      for await (const chunk of request.raw) {
        upload.received.take(chunk, offset);
        offset += chunk.length;
      }
    }
    const isComplete =
      range.kind === "bytes" && range.isLast && (range.total === undefined || range.total === upload.received.length);
    if (!isComplete) return answerProgress(reply, upload);
    upload.result = await store(upload, upload.received.content());
    return renderResource(upload.result, originOf(request));
  });

  scope.delete(PATH, async (request: BucketRequest, reply) => {
    findUpload(request);
    resumable.delete(uploadIdOf(request));
    return reply.code(499).send();
  });

  async function begin(request: BucketRequest, reply: FastifyReply): Promise<FastifyReply> {
    const metadata = parseMetadata(await readBody(request.raw));
    const contentType = metadata.contentType ?? headerOf(request, "x-upload-content-type");
    const upload = {
      ...describeUpload(request, contentType === undefined ? metadata : { ...metadata, contentType }),
      received: new ReceivedBytes(),
    };
    requirePreconditions(buckets.get(upload.bucket).find(upload.name), upload.preconditions);
    const id = randomUUID();
    resumable.set(id, upload);
    const location = `${originOf(request)}/upload/storage/v1/b/${upload.bucket}/o?uploadType=resumable&upload_id=${id}`;
    return reply.headers({ location, "x-guploader-uploadid": id }).send();
  }

  function findUpload(request: BucketRequest): ResumableUpload {
    const upload = resumable.get(uploadIdOf(request));
    if (upload === undefined) throw new GcsError(404, "No such upload: it ended, was cancelled or never began.");
    return upload;
  }
}

function describeUpload(request: BucketRequest, metadata: WritableMetadata): Upload {
  const query = queryOf(request);
  return {
    bucket: request.params.bucket,
    name: requireObjectName(query.get("name") ?? metadata.name),
    metadata,
    preconditions: parsePreconditions(query),
  };
}

async function readMultipart(request: BucketRequest): Promise<{ upload: Upload; content: Buffer }> {
  const body = await readBody(request.raw);
  const [resource, media] = parseMultipartRelated(body, request.headers["content-type"] ?? "");
  const metadata = parseMetadata(resource.content);
  const upload = describeUpload(request, { ...metadata, contentType: metadata.contentType ?? media.contentType });
  return { upload, content: media.content };
}

async function readMedia(request: BucketRequest): Promise<{ upload: Upload; content: Buffer }> {
  const contentEncoding = queryOf(request).get("contentEncoding") ?? undefined;
  const contentType = request.headers["content-type"];
  return { upload: describeUpload(request, { contentEncoding, contentType }), content: await readBody(request.raw) };
}

/** 308 here means "go on", not "moved": it carries no Location, and no Range before the first byte. */
function answerProgress(reply: FastifyReply, { received }: ResumableUpload): FastifyReply {
  if (received.length > 0) reply.header("range", `bytes=0-${received.length - 1}`);
  return reply.code(308).send();
}

function uploadIdOf(request: FastifyRequest): string {
  return queryOf(request).get("upload_id") ?? "";
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
