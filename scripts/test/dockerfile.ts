import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Instruction {
  name: string;
  value: string;
}

export interface Stage {
  name: string;
  base: string;
  instructions: readonly Instruction[];
}

const LABEL = /([\w.]+)="([^"]*)"/g;
const FILE = join(import.meta.dirname, "../../Dockerfile");

/** The stages of our Dockerfile by name; continued lines are one instruction. */
export async function readStages(): Promise<ReadonlyMap<string, Stage>> {
  const source = await readFile(FILE, "utf8");
  const lines = source
    .replaceAll(/^\s*#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n");
  const stages: { name: string; base: string; instructions: Instruction[] }[] = [];
  for (const line of lines.filter((text) => text.trim() !== "")) {
    const [, name = "", value = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const [, base = "", stage = ""] = (name === "FROM" && /^(\S+) AS (\S+)$/.exec(value)) || [];
    if (name === "FROM") stages.push({ name: stage, base, instructions: [] });
    else stages.at(-1)?.instructions.push({ name, value });
  }
  return new Map(stages.map((stage) => [stage.name, stage]));
}

/** What holds in a stage in the end, its bases' included: the last instruction of a kind. */
export function lastOf(stages: ReadonlyMap<string, Stage>, stage: string, name: string): string | undefined {
  const found = stages.get(stage);
  if (found === undefined) return undefined;
  return found.instructions.findLast((one) => one.name === name)?.value ?? lastOf(stages, found.base, name);
}

/** All labels of a stage, its bases' included, as they are written. */
export function labelsOf(stages: ReadonlyMap<string, Stage>, stage: string): Map<string, string> {
  const found = stages.get(stage);
  if (found === undefined) return new Map();
  const own = found.instructions
    .filter(({ name }) => name === "LABEL")
    .flatMap(({ value }) => [...value.matchAll(LABEL)]);
  return new Map([...labelsOf(stages, found.base), ...own.map(([, name = "", text = ""]) => [name, text] as const)]);
}

/** The default of a build argument that stands before all stages. */
export async function defaultOf(argument: string): Promise<string | undefined> {
  const [head = ""] = (await readFile(FILE, "utf8")).split(/^FROM /m, 1);
  return new RegExp(`^ARG ${argument}=(.*)$`, "m").exec(head)?.[1];
}
