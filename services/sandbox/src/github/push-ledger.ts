import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PUSH_LOG } from "./bare-repository.ts";
import type { RepositoryRecord } from "./records.ts";
import type { Repositories } from "./repositories.ts";

/** One ref that one push changed; 40 zeros stand for "was not there" and "is gone". */
export interface Push {
  owner: string;
  repo: string;
  /** Full: `refs/heads/main`. */
  ref: string;
  old: string;
  new: string;
  /** Milliseconds since 1970, whole seconds. */
  at: number;
}

export interface PushLedger {
  /** All pushes that were accepted, those of former runs as well. */
  pushes: Push[];
  /** Takes in what git has noted since the last time. */
  readNew(record: RepositoryRecord): Push[];
}

/** What was pushed with git, as its own hook in each repository notes it. */
export function openPushLedger(repositories: Repositories): PushLedger {
  const offsets = new Map<number, number>();
  const pushes: Push[] = [];

  const readNew = (record: RepositoryRecord): Push[] => {
    const path = join(repositories.directoryOf(record), PUSH_LOG);
    if (!existsSync(path)) return [];
    const log = readFileSync(path, "utf8");
    // Another push may be writing its line at this moment: only whole lines count.
    const end = log.lastIndexOf("\n") + 1;
    const lines = log.slice(offsets.get(record.id) ?? 0, end).split("\n");
    offsets.set(record.id, end);
    const fresh = lines.filter(Boolean).map((line) => parseLine(line, repositories.owner, record.name));
    pushes.push(...fresh);
    return fresh;
  };

  for (const record of repositories.list()) readNew(record);
  pushes.sort((one, other) => one.at - other.at);
  return { pushes, readNew };
}

function parseLine(line: string, owner: string, repo: string): Push {
  const [seconds = "", old = "", created = "", ref = ""] = line.split(" ");
  return { owner, repo, ref, old, new: created, at: Number(seconds) * 1000 };
}
