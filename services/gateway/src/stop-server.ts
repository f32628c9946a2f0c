import type { FastifyInstance } from "fastify";

/** Below the 25 s the process is given, and below the 30 s Kubernetes gives a pod. */
const STREAM_GRACE_MS = 20_000;
const SWEEP_EVERY_MS = 100;

/**
 * Takes no more calls, answers waiting polls, and lets answers in flight end within the grace time; what still streams
 * then is cut, and the worker's client tries again at another replica.
 */
export async function stopServer(server: FastifyInstance, stop: AbortController): Promise<void> {
  stop.abort();
  const cut = setTimeout(() => server.server.closeAllConnections(), STREAM_GRACE_MS);
  // Closing ends the connections that are idle then; one that becomes idle later would be kept for its next request.
  const sweep = setInterval(() => server.server.closeIdleConnections(), SWEEP_EVERY_MS);
  try {
    await server.close();
  } finally {
    clearTimeout(cut);
    clearInterval(sweep);
  }
}
