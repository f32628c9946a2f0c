import type { FastifyRequest } from "fastify";
import { callerGone, tooLarge } from "./gateway-failure.ts";

/**
 * The body of a request as it arrives. When its reader stops early the rest is thrown away as it comes: Node would keep
 * the connection for ever otherwise, waiting for somebody to read. @throws GatewayFailure `caller-gone` when it breaks off
 */
export async function* bodyOf(request: FastifyRequest): AsyncGenerator<Buffer> {
  const chunks = request.raw.iterator({ destroyOnReturn: false });
  try {
    for await (const chunk of chunks) yield chunk;
  } catch (error) {
    throw callerGone(error);
  } finally {
    request.raw.resume();
  }
}

/**
 * Passes the chunks on, `maxBytes` at most. Beyond that it reads as much again before it gives up, because clients read
 * an answer only once they have sent everything. @throws GatewayFailure `too-large`
 */
export async function* bounded(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > 2 * maxBytes) break;
    if (bytes <= maxBytes) yield chunk;
  }
  if (bytes > maxBytes) throw tooLarge(maxBytes);
}
