import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

// A git process for each of these would take longer than the fetch of a small repository.

const COMMIT = /^[0-9a-f]{40,64}$/;

/** The commit a ref stands at, from its own file or else the list of packed ones (gitrepository-layout(5)). */
export async function readRef(gitDir: string, ref: string): Promise<string | undefined> {
  const [loose, packed] = await Promise.all([read(join(gitDir, ref)), read(join(gitDir, "packed-refs"))]);
  const line = packed.split("\n").find((each) => each.endsWith(` ${ref}`)) ?? "";
  return [loose.trim(), line.split(" ")[0] ?? ""].find((text) => COMMIT.test(text));
}

/** Makes a ref in a repository that has none of the name. */
export async function writeRef(gitDir: string, ref: string, commit: string): Promise<void> {
  const path = join(gitDir, ref);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${commit}\n`);
}

/** What is not there says nothing. */
function read(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
