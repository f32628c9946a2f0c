import { join } from "node:path";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Faults, injectFaults, type RequestRecord } from "../fault-injection.ts";
import { openBuckets, renderBucket } from "./buckets.ts";
import { GcsError, gcsErrorBody } from "./gcs-error.ts";
import { addObjectRoutes } from "./object-routes.ts";
import { originOf, readBody } from "./request-parts.ts";
import { addUploadRoutes } from "./upload-routes.ts";

export interface GcsStandIn {
  /** Everything that was asked, oldest first. */
  requests: readonly RequestRecord[];
  faults: Faults;
}

/**
 * Adds the Google Cloud Storage JSON API at `/storage/v1`, `/upload/storage/v1` and `/download/storage/v1`. Objects lie
 * in `dataDir/gcs` and survive a restart; the bucket exists from the start; anybody may do anything.
 */
export async function registerGcs(
  server: FastifyInstance,
  { dataDir, bucket }: { dataDir: string; bucket: string },
): Promise<GcsStandIn> {
  const buckets = openBuckets(join(dataDir, "gcs"));
  buckets.ensure(bucket);
  const { promise, resolve } = Promise.withResolvers<GcsStandIn>();

  await server.register(async (scope) => {
    const { faults, requests } = injectFaults(scope, (status) => gcsErrorBody(status));
    // Bodies are read by the handlers: uploads come in types and sizes no parser should have a say in.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    scope.setErrorHandler(answerError);
    addObjectRoutes(scope, buckets);
    addUploadRoutes(scope, buckets);
    scope.get<{ Params: { bucket: string } }>("/storage/v1/b/:bucket", async (request) => {
      buckets.get(request.params.bucket);
      return renderBucket(request.params.bucket, originOf(request));
    });
    scope.post("/storage/v1/b", async (request) => {
      const name = bucketNameOf(await readBody(request.raw));
      buckets.create(name);
      return renderBucket(name, originOf(request));
    });
    resolve({ faults, requests });
  });
  return promise;
}

function bucketNameOf(body: Buffer): string {
  try {
    const { name } = JSON.parse(body.toString());
    if (typeof name === "string") return name;
  } catch {
    // Said below, together with a name that is missing.
  }
  throw new GcsError(400, "Required parameter: name");
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(error instanceof GcsError)) throw error;
  reply.code(error.status);
  if (error.status === 304) return reply.send();
  // Downloads fail in plain text; the library then takes the whole text for the message.
  if (request.url.includes("alt=media")) return reply.type("text/html; charset=UTF-8").send(error.message);
  return reply.send(gcsErrorBody(error.status, error.message));
}
