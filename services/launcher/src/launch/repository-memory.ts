import { createHash } from "node:crypto";
import { type Person, Repository } from "@peerbot/contracts";
import type { Redis } from "ioredis";

/** Remembers for a day which repository is whose, so that the git host is not asked before every run. */
export interface RepositoryMemory {
  get(person: Person): Promise<Repository | undefined>;
  set(person: Person, repository: Repository): Promise<void>;
  /** The next run asks the git host again. */
  forget(person: Pick<Person, "team" | "id">): Promise<void>;
}

const REMEMBERED_SECONDS = 24 * 3600;

export function createRepositoryMemory({ redis, prefix }: { redis: Redis; prefix: string }): RepositoryMemory {
  const keyOf = ({ team, id }: Pick<Person, "team" | "id">) =>
    `${prefix}:repository:${createHash("sha256").update(`${team}:${id}`).digest("hex").slice(0, 20)}`;
  return {
    async get(person) {
      const text = await redis.get(keyOf(person));
      return text === null ? undefined : Repository.safeParse(JSON.parse(text)).data;
    },
    async set(person, repository) {
      await redis.set(keyOf(person), JSON.stringify(repository), "EX", REMEMBERED_SECONDS);
    },
    async forget(person) {
      await redis.del(keyOf(person));
    },
  };
}
