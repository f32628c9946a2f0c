import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { WorkspaceState } from "./model.ts";
import { freshWorkspace } from "./seed.ts";
import { Workspace } from "./workspace.ts";

const WRITE_BEHIND_MS = 250;
/** A large workspace is saved less often: the pause is this many times as long as the save. */
const SAVING_SHARE = 10;

/** A workspace that is kept in one JSON file. Disposing writes what is not written yet. */
export interface KeptWorkspace extends AsyncDisposable {
  workspace: Workspace;
}

/** Opens the workspace saved at `path`, or a fresh one. @throws when the file is there but is no JSON. */
export async function openWorkspace(path: string, now: () => number): Promise<KeptWorkspace> {
  const workspace = new Workspace((await load(path)) ?? freshWorkspace(now()), now);
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();
  let isDirty = false;
  let pauseMs = WRITE_BEHIND_MS;

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (isDirty) {
      isDirty = false;
      writing = writing.then(async () => {
        const startedAt = performance.now();
        await save(path, workspace.state);
        pauseMs = Math.max(WRITE_BEHIND_MS, SAVING_SHARE * (performance.now() - startedAt));
      });
    }
    return writing;
  };
  const stopWatching = workspace.watch(() => {
    isDirty = true;
    // A write that fails (a full disk) shows on the next one and on dispose; the sandbox itself can go on.
    timer ??= setTimeout(() => void flush().catch(() => {}), pauseMs);
  });
  return {
    workspace,
    async [Symbol.asyncDispose]() {
      stopWatching();
      isDirty = true; // not every change is announced: timestamps given out, files without a message
      await flush();
    },
  };
}

async function load(path: string): Promise<WorkspaceState | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const state = JSON.parse(text) as WorkspaceState;
    // Whoever was "thinking" then is gone now.
    for (const session of state.sessions) Object.assign(session, { statusText: "", loadingMessages: [] });
    return state;
  } catch (cause) {
    throw new Error(`${path} is not readable as a saved workspace; move it away to start afresh`, { cause });
  }
}

async function save(path: string, state: WorkspaceState): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // The rename makes the save whole or absent, whenever the process ends.
  const draft = `${path}.draft`;
  await writeFile(draft, JSON.stringify(state));
  await rename(draft, path);
}
