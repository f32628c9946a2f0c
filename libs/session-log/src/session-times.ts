import { SessionKey } from "@peerbot/contracts";
import type { Redis } from "ioredis";

/** The sessions of a sorted set with their time in milliseconds since 1970, earliest first. */
export async function readTimes(redis: Redis, set: string): Promise<{ key: SessionKey; at: number }[]> {
  const rows = await redis.zrange(set, "0", "-1", "WITHSCORES");
  const times: { key: SessionKey; at: number }[] = [];
  for (let index = 0; index < rows.length; index += 2) {
    const key = SessionKey.safeParse(rows[index]);
    if (key.success) times.push({ key: key.data, at: Number(rows[index + 1]) });
  }
  return times;
}
