import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import {
  createServer,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { Secret } from "@peerbot/runtime/core";

/**
 * The agent's way to the model: an address on this machine's loopback that puts the run's model token in place of a key
 * of its own. So the agent can be started before there is a token, and never sees it: the key its shell can read opens
 * this door, on this machine, while this worker lives.
 */
export interface ModelDoor extends AsyncDisposable {
  /** For the agent: the Claude API's base URL, and the key it is asked with. */
  readonly url: string;
  readonly key: Secret;
  /** Lets requests through from now on. */
  open(modelToken: Secret): void;
}

/** `upstream` is the Claude API as the gateway serves it. */
export async function createModelDoor({ upstream }: { upstream: string }): Promise<ModelDoor> {
  const key = new Secret(randomBytes(24).toString("base64url"));
  const isSecure = upstream.startsWith("https:");
  const agent = new (isSecure ? HttpsAgent : HttpAgent)({ keepAlive: true });
  let token: Secret | undefined;

  const server = createServer((request, response) => {
    if (!isKey(request.headers["x-api-key"], key)) return refuse(response, 401, "authentication_error");
    if (token === undefined) return refuse(response, 503, "api_error");
    forward(request, response, { token });
  });
  // Requests of the agent are as long as a conversation and its answers as long as the model thinks.
  Object.assign(server, { requestTimeout: 0, keepAliveTimeout: 0 });

  function forward(request: IncomingMessage, response: ServerResponse, { token }: { token: Secret }): void {
    const { host: _ours, connection: _hop, ...headers } = request.headers;
    const call = (isSecure ? httpsRequest : httpRequest)(`${upstream}${request.url ?? ""}`, {
      method: request.method ?? "GET",
      headers: { ...headers, "x-api-key": token.reveal() },
      agent,
    });
    call.on("response", (answer) => {
      const { connection: _hop, ...told } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, told);
      answer.pipe(response);
      // Broken off there is broken off here: the agent tries again by its own rules.
      answer.on("error", () => response.destroy());
    });
    call.on("error", () => response.destroy());
    response.on("close", () => call.destroy());
    request.pipe(call);
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    key,
    open(modelToken) {
      token = modelToken;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

function isKey(given: string | string[] | undefined, key: Secret): boolean {
  const [one, other] = [Buffer.from(String(given)), Buffer.from(key.reveal())];
  return one.length === other.length && timingSafeEqual(one, other);
}

function refuse(response: ServerResponse, status: number, type: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(
    JSON.stringify({ type: "error", error: { type, message: "this worker's door to the model is closed" } }),
  );
}
