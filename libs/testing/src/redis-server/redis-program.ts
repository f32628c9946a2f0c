import { join } from "node:path";
import { PID_FILE } from "./end-leftover.ts";

/** Where and how one server runs. */
export interface RedisPlace {
  dataDir: string;
  port: number;
  isDurable: boolean;
}

/** Something that runs a server. */
export interface RedisProgram {
  path: string;
  environment: Readonly<Record<string, string>>;
  argumentsFor(place: RedisPlace): string[];
}

/** A server program of this machine. */
export function installedProgram(path: string, environment: Readonly<Record<string, string>> = {}): RedisProgram {
  return {
    path,
    environment,
    argumentsFor: ({ dataDir, port, isDurable }) => [
      ...["--bind", "127.0.0.1", "--port", String(port), "--protected-mode", "yes"],
      ...["--dir", dataDir, "--pidfile", join(dataDir, PID_FILE)],
      ...storageArguments(isDurable),
    ],
  };
}

/** Redis never evicts (BullMQ's keys must stay) and keeps its data in an append-only file, a second behind at most. */
export function storageArguments(isDurable: boolean): string[] {
  const durability = isDurable ? ["--appendonly", "yes", "--appendfsync", "everysec"] : ["--appendonly", "no"];
  return ["--save", "", "--maxmemory-policy", "noeviction", ...durability];
}
