import { randomUUID } from "node:crypto";
import { access, constants, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SessionKey } from "@peerbot/contracts";
import { messageOf } from "@peerbot/runtime";
import { z } from "zod";
import type { ConversationStore, StoredConversation } from "./conversation-store.ts";
import { checkConversation, documentPathOf, parseJson } from "./document.ts";
import { ConversationConflictError, ConversationStoreError, ConversationUnreadableError } from "./errors.ts";
import { type FileLockOptions, hasCode, withFileLock } from "./file-lock.ts";

/** What a file holds: the generation stands beside the state, so that both change in one rename. */
const StoredFile = z.object({ generation: z.string().min(1), state: z.unknown() });

/**
 * Keeps conversations as files below one directory of a local disk, for any number of processes of one machine.
 * The directory is made when it does not exist.
 */
export function createFilesystemConversationStore({
  directory,
  waitMs = 10_000,
  abandonedAfterMs = 30_000,
}: { directory: string } & Partial<FileLockOptions>): ConversationStore {
  const fileOf = (session: SessionKey) => join(directory, documentPathOf(session));

  return {
    load: async (session) => read(fileOf(session), session),

    async save(state, { ifGeneration }) {
      const file = fileOf(state.sessionKey);
      await mkdir(dirname(file), { recursive: true });
      return withFileLock(`${file}.lock`, { waitMs, abandonedAfterMs }, async () => {
        const current = await readGeneration(file, state.sessionKey);
        if (current !== ifGeneration) throw new ConversationConflictError(documentPathOf(state.sessionKey));
        const generation = randomUUID();
        await replaceFile(file, JSON.stringify({ generation, state }));
        return { generation };
      });
    },

    async checkReady() {
      try {
        await mkdir(directory, { recursive: true });
        await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
      } catch (cause) {
        const message = `the directory ${directory} for conversations cannot be written: ${messageOf(cause)}`;
        throw new ConversationStoreError(message, { code: "conversation-store-forbidden", cause });
      }
    },
  };
}

async function read(file: string, session: SessionKey): Promise<StoredConversation | undefined> {
  const stored = await readStored(file, session);
  if (stored === undefined) return undefined;
  return { generation: stored.generation, state: checkConversation(stored.state, session) };
}

/** A state that cannot be read may still be replaced by whoever knows its generation. */
async function readGeneration(file: string, session: SessionKey): Promise<string | null> {
  return (await readStored(file, session))?.generation ?? null;
}

async function readStored(file: string, session: SessionKey): Promise<z.infer<typeof StoredFile> | undefined> {
  const text = await readUnlessMissing(file);
  if (text === undefined) return undefined;
  const parsed = StoredFile.safeParse(parseJson(text, session));
  if (parsed.success) return parsed.data;
  throw new ConversationUnreadableError(documentPathOf(session), "it has no generation");
}

async function readUnlessMissing(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** The rename makes the write whole or absent; without the sync a power cut could leave the name with nothing in it. */
async function replaceFile(file: string, content: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.new`;
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
