import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { installedProgram, type RedisProgram } from "./redis-program.ts";

/** The first `redis-server`, else the first `valkey-server`, of a PATH-like list of folders. */
export async function findRedisOnPath(path: string): Promise<RedisProgram | undefined> {
  const found = await findOnPath(["redis-server", "valkey-server"], path);
  return found === undefined ? undefined : installedProgram(found);
}

/** The first of the named programs in a PATH-like list of folders. */
export async function findOnPath(names: readonly string[], path: string): Promise<string | undefined> {
  for (const name of names) {
    for (const folder of path.split(delimiter).filter((entry) => entry !== "")) {
      const candidate = join(folder, name);
      if (await isExecutable(candidate)) return candidate;
    }
  }
  return undefined;
}

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
