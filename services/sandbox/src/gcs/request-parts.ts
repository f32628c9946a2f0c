import type { IncomingMessage } from "node:http";
import type { FastifyRequest } from "fastify";
import { GcsError } from "./gcs-error.ts";
import { WritableMetadata } from "./object-resource.ts";

/** Scheme and host the client used, for the links in answers. */
export function originOf(request: FastifyRequest): string {
  return `${request.protocol}://${request.host}`;
}

export function queryOf(request: FastifyRequest): URLSearchParams {
  return new URL(request.url, "http://local").searchParams;
}

/**
 * The segments after `/o/`, decoded one by one: an object's name is a single segment in which `/` comes as `%2F`, so the
 * raw path must be split before it is decoded.
 */
export function segmentsAfterObjects(request: FastifyRequest): string[] {
  const path = request.url.split("?", 1)[0] ?? "";
  const rest = path.slice(path.indexOf("/o/") + 3);
  try {
    return rest.split("/").map(decodeURIComponent);
  } catch {
    throw new GcsError(400, `The path '${path}' is not properly URL-encoded.`);
  }
}

export async function readBody(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** @throws GcsError 400 with what is wrong. */
export function parseMetadata(json: Buffer): WritableMetadata {
  if (json.toString().trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(json.toString());
  } catch {
    throw new GcsError(400, "Parse Error: the metadata is not JSON.");
  }
  const parsed = WritableMetadata.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new GcsError(400, `Invalid metadata: ${parsed.error.issues[0]?.path.join(".")}`);
}

/** @throws GcsError 400 unless the name is one GCS would take. */
export function requireObjectName(name: string | null | undefined): string {
  if (!name) throw new GcsError(400, "Required parameter: name");
  const isAllowed = Buffer.byteLength(name) <= 1024 && !/[\r\n]/.test(name) && name !== "." && name !== "..";
  if (!isAllowed) throw new GcsError(400, "The specified object name is not valid.");
  return name;
}
