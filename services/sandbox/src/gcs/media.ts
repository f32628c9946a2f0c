import { gunzipSync } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";
import { etagOf, type StoredResource } from "./object-resource.ts";

/** Answers an object's content: whole, a range of it, or unzipped for a client that does not take gzip. */
export function sendMedia(
  request: FastifyRequest,
  reply: FastifyReply,
  { resource, content }: { resource: StoredResource; content: Buffer },
): FastifyReply {
  reply.headers(headersOf(resource));
  const mustUnzip =
    resource.contentEncoding === "gzip" &&
    !/\bgzip\b/.test(request.headers["accept-encoding"] ?? "") &&
    !/\bno-transform\b/.test(resource.cacheControl ?? "");
  if (mustUnzip) return reply.header("warning", '214 UploadServer "gunzipped"').send(gunzipSync(content));
  if (resource.contentEncoding !== undefined) reply.header("content-encoding", resource.contentEncoding);

  const range = parseRange(request.headers.range, content.length);
  if (range === undefined) return reply.send(content);
  if (range === "unsatisfiable") {
    const text = "The requested range cannot be satisfied.";
    return reply
      .code(416)
      .removeHeader("content-encoding")
      .headers({ "content-range": `bytes */${content.length}`, "content-type": "text/html; charset=UTF-8" })
      .send(text);
  }
  reply.code(206).header("content-range", `bytes ${range.start}-${range.end}/${content.length}`);
  return reply.send(content.subarray(range.start, range.end + 1));
}

function headersOf(resource: StoredResource): Record<string, string> {
  return {
    "content-type": resource.contentType ?? "application/octet-stream",
    ...(resource.cacheControl !== undefined && { "cache-control": resource.cacheControl }),
    ...(resource.contentDisposition !== undefined && { "content-disposition": resource.contentDisposition }),
    etag: etagOf(resource),
    "last-modified": new Date(resource.updated).toUTCString(),
    // Without this header the client library silently checks nothing.
    "x-goog-hash": `crc32c=${resource.crc32c},md5=${resource.md5Hash}`,
    "x-goog-generation": resource.generation,
    "x-goog-metageneration": resource.metageneration,
    "x-goog-stored-content-encoding": resource.contentEncoding ?? "identity",
    "x-goog-stored-content-length": resource.size,
    "x-goog-storage-class": "STANDARD",
    "accept-ranges": "bytes",
  };
}

type Range = { start: number; end: number };

/** Only what is one range of bytes counts; anything else in the header is ignored, as HTTP wants it. */
export function parseRange(header: string | undefined, size: number): Range | "unsatisfiable" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (match === null || match[0] === "bytes=-") return undefined;
  const [, first = "", last = ""] = match;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return start > end ? "unsatisfiable" : { start, end };
}
