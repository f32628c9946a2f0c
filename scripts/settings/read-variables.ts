import { SERVICE_NAMES, type ServiceName } from "../stack/service-names.ts";
import { readSettings } from "./read-settings.ts";

/** The names of the variables each service of a stack reads. */
export async function readVariables(root: string): Promise<Record<ServiceName, string[]>> {
  const all = await readSettings(root);
  const of = (name: ServiceName) =>
    all.find(({ service }) => service === name)?.settings.map((setting) => setting.name) ?? [];
  return Object.fromEntries(SERVICE_NAMES.map((name) => [name, of(name)])) as Record<ServiceName, string[]>;
}
