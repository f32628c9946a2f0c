import { portOf } from "@peerbot/runtime";
import Fastify from "fastify";
import { type ClaudeStandIn, registerClaude } from "./index.ts";

export interface RunningClaude extends AsyncDisposable {
  readonly standIn: ClaudeStandIn;
  /** For `ANTHROPIC_BASE_URL`. */
  readonly url: string;
}

/** Serves the Claude stand-in alone, on this machine only. Port 0 picks a free one. */
export async function startClaude({ apiKey, port = 0 }: { apiKey: string; port?: number }): Promise<RunningClaude> {
  const server = Fastify({ forceCloseConnections: true });
  const standIn = await registerClaude(server, { apiKey });
  await server.listen({ host: "127.0.0.1", port });
  return {
    standIn,
    url: `http://127.0.0.1:${portOf(server)}/anthropic`,
    [Symbol.asyncDispose]: () => server.close(),
  };
}
