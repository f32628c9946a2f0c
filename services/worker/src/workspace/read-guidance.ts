import { open, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";

const NAMES = ["CLAUDE.md", "AGENTS.md"];
const LARGEST_BYTES = 24 * 1024;

/**
 * What the repository's CLAUDE.md, or else its AGENTS.md, says, cut at 24 KB. It is text for the model and nothing
 * else; one that leads out of the repository is not read.
 */
export async function readGuidance(workspace: string): Promise<{ file: string; text: string } | undefined> {
  const root = await realpath(workspace);
  for (const name of NAMES) {
    const text = await readInside(root, name);
    if (text !== undefined && text.trim() !== "") return { file: name, text };
  }
  return undefined;
}

async function readInside(root: string, name: string): Promise<string | undefined> {
  const path = await realpath(join(root, name)).catch(() => undefined);
  if (path === undefined || !path.startsWith(root + sep)) return undefined;
  // Looked at before it is opened: opening a pipe would wait for somebody to write.
  if (!(await stat(path)).isFile()) return undefined;
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(LARGEST_BYTES) });
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
