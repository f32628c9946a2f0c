import { randomUUID } from "node:crypto";
import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type Bucket, CRC32C, type File, type FileMetadata, Storage } from "@google-cloud/storage";
import { type AttemptOptions, attemptRepeatedly, orAborted } from "./attempts.ts";
import type { ConversationStore } from "./conversation-store.ts";
import { documentPathOf, parseConversation } from "./document.ts";
import { ConversationConflictError, ConversationUnreadableError } from "./errors.ts";
import { isObjectMissing, statusOf, toStoreError } from "./gcs-errors.ts";

export interface GcsConversationStoreOptions extends Partial<AttemptOptions> {
  bucket: string;
  /** Another address than Google's, which is then asked without credentials. */
  apiEndpoint?: string;
}

const SAVE_ID = "save-id";

/**
 * Keeps conversations as gzipped objects of one Google Cloud Storage bucket. Without `apiEndpoint` it uses the Google
 * credentials of its surroundings (Application Default Credentials), which need the role Storage Object User.
 */
export function createGcsConversationStore({
  bucket: bucketName,
  apiEndpoint,
  attempts = 4,
  firstDelayMs = 200,
  timeoutMs = 30_000,
}: GcsConversationStoreOptions): ConversationStore {
  const bucket = openBucket(bucketName, apiEndpoint);

  const attempt = <T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    attemptRepeatedly({ attempts, firstDelayMs, timeoutMs }, async (signal) => {
      try {
        return await action(signal);
      } catch (error) {
        throw toStoreError(error, bucketName);
      }
    });

  return {
    async load(session) {
      const path = documentPathOf(session);
      const found = await attempt((signal) => download(bucket.file(path), signal));
      if (found === undefined) return undefined;
      return { generation: found.generation, state: parseConversation(found.content, session) };
    },

    async save(state, { ifGeneration }) {
      const path = documentPathOf(state.sessionKey);
      // Another kind of store gave it, so it cannot be what is stored here.
      if (ifGeneration !== null && !/^[1-9]\d*$/.test(ifGeneration)) throw new ConversationConflictError(path);
      const content = await promisify(gzip)(JSON.stringify(state));
      const saveId = randomUUID();
      return attempt(async (signal) => {
        const file = bucket.file(path);
        try {
          return await upload(file, content, { ifGeneration: ifGeneration ?? "0", saveId, signal });
        } catch (cause) {
          if (statusOf(cause) !== 412) throw cause;
          // An earlier attempt may have taken effect with its answer lost: then the other one is ourselves.
          const stored = await orAborted(signal, findMetadata(file));
          if (stored?.metadata?.[SAVE_ID] === saveId) return { generation: generationOf(stored) };
          throw new ConversationConflictError(path, { cause });
        }
      });
    },

    // Listing needs no more rights than the rest; asking for the bucket itself would.
    async checkReady() {
      await attempt((signal) => orAborted(signal, bucket.getFiles({ maxResults: 1, autoPaginate: false })));
    },
  };
}

/**
 * The library's own retries stay off: they have no time limit per request, do not cover an answer that breaks off in
 * the middle, and take a repeated save that met its own first effect for a conflict.
 */
function openBucket(name: string, apiEndpoint: string | undefined): Bucket {
  const retryOptions = { autoRetry: false };
  const storage = new Storage(
    apiEndpoint === undefined ? { retryOptions } : { apiEndpoint, projectId: "local", retryOptions },
  );
  return storage.bucket(name);
}

async function download(file: File, signal: AbortSignal): Promise<{ generation: string; content: string } | undefined> {
  let generation: unknown;
  const stream = addAbortSignal(signal, file.createReadStream({ validation: "crc32c" }));
  stream.on("response", (response: { headers: Record<string, string> }) => {
    generation = response.headers["x-goog-generation"];
  });
  try {
    const content = await text(stream);
    return { generation: generationOf({ generation }), content };
  } catch (error) {
    if (isObjectMissing(error)) return undefined;
    if (isNotGzip(error)) throw new ConversationUnreadableError(file.name, "it is not gzip", { cause: error });
    throw error;
  }
}

async function upload(
  file: File,
  content: Buffer,
  { ifGeneration, saveId, signal }: { ifGeneration: string; saveId: string; signal: AbortSignal },
): Promise<{ generation: string }> {
  const checksum = new CRC32C();
  checksum.update(content);
  const metadata: FileMetadata = {
    contentType: "application/json",
    contentEncoding: "gzip",
    // Sent along, so that GCS refuses a damaged upload. The library would compare afterwards and delete the object.
    crc32c: checksum.toString(),
    metadata: { [SAVE_ID]: saveId },
  };
  const preconditionOpts = { ifGenerationMatch: ifGeneration };
  const stream = file.createWriteStream({ resumable: false, validation: false, metadata, preconditionOpts });
  await pipeline([content], stream, { signal });
  return { generation: generationOf(file.metadata) };
}

async function findMetadata(file: File): Promise<FileMetadata | undefined> {
  try {
    const [metadata] = await file.getMetadata();
    return metadata;
  } catch (error) {
    if (isObjectMissing(error)) return undefined;
    throw error;
  }
}

function generationOf({ generation }: { generation?: unknown }): string {
  if (typeof generation === "string" || typeof generation === "number") return String(generation);
  throw new TypeError("Google Cloud Storage answered without a generation");
}

function isNotGzip(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}
