import type { Settings } from "./outside-world.ts";

/** Why workers could not be run where the settings say, in sentences. */
export function problemsOfRunner({ RUNNER }: Settings): string[] {
  if (RUNNER !== "docker") return [];
  return [
    "RUNNER=docker does not go with services that are processes of this machine: nothing of it is within reach of a worker's container. Start everything as containers instead: docker compose up (docs/compose.md).",
  ];
}
