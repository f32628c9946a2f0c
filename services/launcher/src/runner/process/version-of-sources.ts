import { createHash } from "node:crypto";
import { glob, stat } from "node:fs/promises";
import { join } from "node:path";

/** Changes when a program whose sources lie in these folders does. A folder's tests and packages are not looked at. */
export async function versionOfSources(folders: readonly string[]): Promise<string> {
  const seen: string[] = [];
  for (const folder of folders) {
    const sources = glob("**/*.{ts,mjs}", { cwd: folder, exclude: ["**/node_modules", "**/test"] });
    for await (const path of sources) {
      const { size, mtimeMs } = await stat(join(folder, path));
      seen.push(`${folder}/${path} ${size} ${mtimeMs}`);
    }
  }
  return createHash("sha256").update(seen.sort().join("\n")).digest("hex").slice(0, 16);
}
