import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { type ProcessIdentity, parseIdentity } from "./process-identity.ts";

/** What the launcher that began the run wrote down for whoever follows it. */
export const RunNotes = z.object({ v: z.literal(1), deadlineAt: z.number(), oomKills: z.number().nullable() });
export type RunNotes = z.infer<typeof RunNotes>;

/** Why a launcher set out to end the run. */
export const EndingCause = z.enum(["stopped", "deadline"]);
export type EndingCause = z.infer<typeof EndingCause>;

export type RunFolder = ReturnType<typeof openRunFolder>;

const MAX_OUTPUT_READ = 16 * 1024;

/** The folder of one run: all that is known of it, so that launchers may come and go. */
export function openRunFolder(path: string) {
  const file = (name: string) => join(path, name);
  const identity = async (name: string): Promise<ProcessIdentity | undefined> => {
    const text = await readIfThere(file(name));
    return text === undefined ? undefined : parseIdentity(text);
  };
  return {
    path,
    workspace: file("workspace"),
    home: file("home"),
    temporary: file("tmp"),

    /** Making it again changes nothing. */
    async create(notes: RunNotes): Promise<void> {
      for (const folder of [path, file("workspace"), file("home"), file("tmp")])
        await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeOnce(file("notes.json"), JSON.stringify(notes));
    },

    /** For a worker that was started ahead and has a run now; the first run stands. */
    assign: (notes: RunNotes) => writeOnce(file("assigned.json"), JSON.stringify(notes)),

    async notes(): Promise<RunNotes | undefined> {
      const text = (await readIfThere(file("assigned.json"))) ?? (await readIfThere(file("notes.json")));
      return text === undefined ? undefined : RunNotes.parse(JSON.parse(text));
    },

    /** Leads the process group; there from the moment the run counts as started. */
    leader: () => identity("leader"),
    worker: () => identity("worker"),

    /** What the worker exited with as a shell sees it: above 128 a signal. `undefined` while unknown. */
    async status(): Promise<number | undefined> {
      const text = await readIfThere(file("status"));
      return text === undefined ? undefined : z.coerce.number().int().parse(text.trim());
    },

    /** The first cause stands. */
    markEnding: (cause: EndingCause) => writeOnce(file("ending"), cause),

    async ending(): Promise<EndingCause | undefined> {
      return EndingCause.optional().parse((await readIfThere(file("ending"))) ?? undefined);
    },

    /** A handle that appends to the worker's output. */
    openOutput: () => open(file("output.log"), "a", 0o600),

    /** The last lines the worker wrote. */
    async lastOutput(lines: number): Promise<string[]> {
      const handle = await open(file("output.log"), "r").catch(ignoreMissing);
      if (handle === undefined) return [];
      try {
        const { size } = await handle.stat();
        const buffer = Buffer.alloc(Math.min(size, MAX_OUTPUT_READ));
        await handle.read(buffer, 0, buffer.length, size - buffer.length);
        return buffer.toString("utf8").trimEnd().split("\n").slice(-lines);
      } finally {
        await handle.close();
      }
    },

    async delete(): Promise<void> {
      const options = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 } as const;
      try {
        await rm(path, options);
      } catch {
        // Tools such as Go's module cache leave folders nobody may write to.
        await promisify(execFile)("chmod", ["-R", "u+rwX", path]);
        await rm(path, options);
      }
    },
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(ignoreMissing);
}

/** The link makes the file whole or absent for every reader, and the first writer's. */
async function writeOnce(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, text, { mode: 0o600 });
  try {
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!hasCode(error, "ENOENT")) throw error;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
