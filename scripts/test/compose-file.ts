import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";

const Service = z.object({
  image: z.string(),
  build: z.object({ context: z.literal("."), target: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  env_file: z.array(z.object({ path: z.string(), required: z.boolean() })).default([]),
  labels: z.record(z.string(), z.string()).default({}),
  profiles: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  networks: z
    .union([z.array(z.string()), z.record(z.string(), z.object({ aliases: z.array(z.string()) }).nullable())])
    .default([])
    .transform((networks) => (Array.isArray(networks) ? networks : Object.keys(networks))),
  network_mode: z.string().optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string(), restart: z.boolean().optional() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()).optional(), disable: z.boolean().optional() }).optional(),
  user: z.string().optional(),
  privileged: z.boolean().default(false),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  cap_add: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  restart: z.string().optional(),
  container_name: z.string().optional(),
});
export type ComposeService = z.infer<typeof Service>;

const Compose = z.object({
  services: z.record(z.string(), Service),
  networks: z.record(z.string(), z.object({ internal: z.boolean().default(false) }).nullable()),
  volumes: z.record(z.string(), z.unknown()),
});
export type ComposeFile = z.infer<typeof Compose>;

export const COMPOSE_FILE = join(import.meta.dirname, "../../docker-compose.yml");

/** Our docker-compose.yml, with what its services share in each of them. */
export async function readComposeFile(): Promise<ComposeFile> {
  return Compose.parse(merged(load(await readFile(COMPOSE_FILE, "utf8"))));
}

/** Resolves `<<`, which YAML's core schema leaves alone. */
function merged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(merged);
  if (typeof value !== "object" || value === null) return value;
  const { "<<": shared, ...own } = value as Record<string, unknown>;
  const entries = Object.entries({ ...Object(shared), ...own });
  return Object.fromEntries(entries.map(([key, entry]) => [key, merged(entry)]));
}
