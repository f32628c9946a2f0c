import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { describeSetting, type Setting } from "./describe-setting.ts";

export interface ServiceSettings {
  service: string;
  settings: readonly Setting[];
}

/**
 * What every service reads from its environment, from the schemas in `services/{name}/src/config.ts`, by name of service.
 * @throws when a config.ts does not export `{Name}Config` as an object schema.
 */
export async function readSettings(root: string): Promise<ServiceSettings[]> {
  const folder = join(root, "services");
  const services = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const names = services.map(({ name }) => name).sort();
  return Promise.all(names.map(async (service) => ({ service, settings: await readServiceSettings(folder, service) })));
}

async function readServiceSettings(folder: string, service: string): Promise<Setting[]> {
  const file = join(folder, service, "src/config.ts");
  const exported: Record<string, unknown> = await import(pathToFileURL(file).href);
  const words = service.split("-").map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  const name = `${words.join("")}Config`;
  const schema = exported[name];
  const shape = schema instanceof z.core.$ZodType ? shapeOf(schema) : undefined;
  if (shape === undefined) throw new Error(`${file} must export the settings as ${name}, an object schema of zod`);
  return Object.entries(shape).map(([variable, entry]) => describeSetting(variable, entry));
}

function shapeOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | undefined {
  if (schema instanceof z.core.$ZodObject) return schema._zod.def.shape;
  return schema instanceof z.core.$ZodPipe ? shapeOf(schema._zod.def.in) : undefined;
}
