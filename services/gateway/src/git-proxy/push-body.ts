import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { FastifyRequest } from "fastify";
import { badRequest, GatewayFailure, tooLarge } from "../gateway-failure.ts";
import { bodyOf, bounded } from "../request-body.ts";
import { type PushRequest, parsePushHead } from "./push-request.ts";

/** More than a shallow clone with thousands of edges sends before its pack. */
const MAX_HEAD_BYTES = 1024 * 1024;

/** A push whose wish is known while its pack is still on the way. */
export interface OpenedPush {
  push: PushRequest;
  /** All of it, uncompressed, from the first byte. @throws GatewayFailure `too-large` beyond the limit */
  content: AsyncGenerator<Buffer>;
  /**
   * Reads what is left and throws it away: git reads an answer only once it has sent everything.
   * @throws GatewayFailure `too-large` when even that is beyond the limit
   */
  drain(): Promise<void>;
}

/**
 * Reads a push up to its pack; nothing has reached the host then.
 * @throws GatewayFailure `bad-request` for what is no push, `too-large`
 */
export async function openPush(request: FastifyRequest, { maxBytes }: { maxBytes: number }): Promise<OpenedPush> {
  const chunks = bounded(decoded(request), maxBytes);
  try {
    const { push, head } = await readHead(chunks);
    return {
      push,
      content: joined(head, chunks),
      async drain() {
        await chunks.return(undefined);
        await throwAway(bounded(bodyOf(request), maxBytes));
      },
    };
  } catch (error) {
    await chunks.return(undefined);
    throw error;
  }
}

async function readHead(chunks: AsyncGenerator<Buffer>): Promise<{ push: PushRequest; head: Buffer }> {
  let head: Buffer = Buffer.alloc(0);
  for (;;) {
    const parsed = parsePushHead(head);
    if (parsed.status === "malformed") throw badRequest(`this is no push as git sends it: ${parsed.reason}`);
    if (parsed.status === "complete") return { push: parsed.push, head };
    if (head.length > MAX_HEAD_BYTES) throw tooLarge(MAX_HEAD_BYTES);
    // As much again: who sends it in small pieces does not have it all read anew for each of them.
    const more = await take(chunks, head.length);
    if (more.length === 0) throw badRequest("the push ends before its list of refs does");
    head = Buffer.concat([head, more]);
  }
}

/** That many bytes at least, or what is left. */
async function take(chunks: AsyncGenerator<Buffer>, atLeast: number): Promise<Buffer> {
  const taken: Buffer[] = [];
  let bytes = 0;
  do {
    const next = await chunks.next();
    if (next.done) break;
    taken.push(next.value);
    bytes += next.value.length;
  } while (bytes < atLeast);
  return Buffer.concat(taken, bytes);
}

async function* joined(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* rest;
}

async function throwAway(chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const _chunk of chunks) {
    // Thrown away.
  }
}

/** git may send any request compressed; the host gets it plain, so that both read the same. */
function decoded(request: FastifyRequest): AsyncIterable<Buffer> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding === "identity") return bodyOf(request);
  if (encoding === "gzip" || encoding === "x-gzip") return unzipped(request);
  throw new GatewayFailure(415, `content-encoding ${encoding} is not understood`, { code: "bad-request" });
}

async function* unzipped(request: FastifyRequest): AsyncGenerator<Buffer> {
  const plain = pipeline(Readable.from(bodyOf(request)), createGunzip(), () => {
    // Its reader meets the error.
  });
  try {
    for await (const chunk of plain) yield chunk;
  } catch (error) {
    throw error instanceof GatewayFailure ? error : badRequest("the body is not gzip, though its header says so");
  }
}
