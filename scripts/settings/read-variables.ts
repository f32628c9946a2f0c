import { readSettings } from "./read-settings.ts";

/** The names of the variables each of some services reads. */
export async function readVariables<Name extends string>(
  root: string,
  services: readonly Name[],
): Promise<Record<Name, string[]>> {
  const all = await readSettings(root);
  const of = (name: Name) => all.find(({ service }) => service === name)?.settings.map((setting) => setting.name) ?? [];
  return Object.fromEntries(services.map((name) => [name, of(name)])) as Record<Name, string[]>;
}
