import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { OUTSIDE_VARIABLES, type Settings } from "./outside-world.ts";

/**
 * Settings from an `.env` file and the environment, which wins. Outside parties are told by the file alone: an API key
 * that a shell happens to export must not turn a trial into real spending.
 */
export async function readOperatorSettings(file: string, environment: Settings): Promise<Settings> {
  const fromFile = parseEnv(await readFile(file, "utf8").catch(() => ""));
  const fromEnvironment = Object.entries(environment).filter(
    ([name, value]) => value !== undefined && value !== "" && !OUTSIDE_VARIABLES.includes(name),
  );
  return { ...fromFile, ...Object.fromEntries(fromEnvironment) };
}
