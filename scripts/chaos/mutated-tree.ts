import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { applyEdit, type Mechanism, MUTATIONS } from "./mutations.ts";

const ROOT = join(import.meta.dirname, "../..");
/** What runs in a stack, and what its packages say of themselves. */
const COPIED = ["libs", "services", "scripts/chaos", "package.json"] as const;
/** Those of the workspace lead to its own packages, by relative links. */
const OWN_SCOPE = "@peerbot";

/** Copies the source to a folder without one mechanism. Everything installed is shared with this tree. */
export async function createMutatedTree(folder: string, mechanism: Mechanism): Promise<void> {
  for (const name of COPIED) {
    await cp(join(ROOT, name), join(folder, name), {
      recursive: true,
      filter: (source) => !source.endsWith("/node_modules"),
    });
  }
  await linkModules(folder);
  for (const edit of MUTATIONS[mechanism].edits) {
    const path = join(folder, edit.file);
    await writeFile(path, applyEdit(await readFile(path, "utf8"), edit));
  }
}

async function linkModules(folder: string): Promise<void> {
  const [from, to] = [join(ROOT, "node_modules"), join(folder, "node_modules")];
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) {
    if (name === OWN_SCOPE) await cp(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true });
    else await symlink(join(from, name), join(to, name));
  }
}
