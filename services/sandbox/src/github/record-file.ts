import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { GitHubRecords } from "./records.ts";

export interface RecordFile {
  readonly records: GitHubRecords;
  /** Keeps what the records are now. Change and keep without waiting in between, and the file is never half changed. */
  keep(): void;
}

/** Opens the records kept in the file; none yet is an empty GitHub. */
export function openRecordFile(path: string): RecordFile {
  const records = existsSync(path) ? GitHubRecords.parse(JSON.parse(readFileSync(path, "utf8"))) : emptyRecords();
  return {
    records,
    keep: () => {
      const temporary = `${path}.${randomUUID()}.new`;
      writeFileSync(temporary, JSON.stringify(records, undefined, 1));
      renameSync(temporary, path);
    },
  };
}

function emptyRecords(): GitHubRecords {
  return { v: 1, lastId: 0, repositories: [], pulls: [] };
}
