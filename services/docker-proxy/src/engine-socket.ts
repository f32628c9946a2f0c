import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import type { Readable } from "node:stream";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";

const API = "/v1.41";

export interface EngineRequest {
  method: string;
  /** Without the version. */
  path: string;
  headers?: Record<string, string>;
  body?: string | Readable | undefined;
  signal?: AbortSignal;
}

/** Asks the engine. */
export async function askEngine(socketPath: string, asked: EngineRequest): Promise<IncomingMessage> {
  const { method, path, headers = {}, body, signal } = asked;
  const call = request({ socketPath, method, path: `${API}${path}`, headers, ...(signal ? { signal } : {}) });
  const answer = once(call, "response") as Promise<[IncomingMessage]>;
  if (body === undefined || typeof body === "string") call.end(body);
  else pipeline(body, call).catch((error: Error) => void call.destroy(error));
  return (await answer)[0];
}

/** What the engine knows of something; `undefined` when there is none. */
export async function lookUp(socketPath: string, path: string): Promise<unknown> {
  const answer = await askEngine(socketPath, { method: "GET", path });
  const document = await json(answer);
  if (answer.statusCode === 404) return undefined;
  if (answer.statusCode !== 200) throw new Error(`the engine answered ${answer.statusCode} to GET ${path}`);
  return document;
}
