import type { SessionKey } from "@peerbot/contracts";
import type { Redis } from "ioredis";
import { z } from "zod";

const ToldWait = z.object({ request: z.string(), until: z.number(), position: z.number() });
export type ToldWait = z.infer<typeof ToldWait>;

/** What a thread was last told about its waiting. */
export interface ToldWaits {
  last(key: SessionKey): Promise<ToldWait | undefined>;
  remember(key: SessionKey, wait: ToldWait): Promise<void>;
}

const REMEMBERED_SECONDS = 7 * 24 * 3600;

export function createToldWaits({ redis, prefix }: { redis: Redis; prefix: string }): ToldWaits {
  const keyOf = (key: SessionKey) => `${prefix}:{${key}}:told-wait`;
  return {
    async last(key) {
      const text = await redis.get(keyOf(key));
      return text === null ? undefined : ToldWait.safeParse(JSON.parse(text)).data;
    },
    async remember(key, wait) {
      await redis.set(keyOf(key), JSON.stringify(wait), "EX", REMEMBERED_SECONDS);
    },
  };
}
