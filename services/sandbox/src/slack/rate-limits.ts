/**
 * How often a method may be called, per workspace; see Slack's tiers. `channel-second`: about one a second in each
 * channel with a small burst. Slack gives the tiers as "20+ per minute"; here the plus is not given.
 */
export type MethodLimit = "tier-1" | "tier-2" | "tier-3" | "tier-4" | "channel-second" | "none";

const PER_MINUTE = { "tier-1": 1, "tier-2": 20, "tier-3": 50, "tier-4": 100 } as const;
const CHANNEL_BURST = 4;
const MINUTE_MS = 60_000;

export interface RateLimitOptions {
  isEnabled: boolean;
  /** Multiplies every allowance; 0.1 makes a tier-2 method refuse the third call of a minute. */
  scale: number;
}

export interface RateLimits {
  /** Seconds to wait when the call is one too many, else null. A refused call does not count. */
  take(call: { method: string; limit: MethodLimit; channel: string | null; now: number }): number | null;
}

/** Counts calls of the last minute (tiers) or keeps a bucket (channel-second). */
export function createRateLimits({ isEnabled, scale }: RateLimitOptions): RateLimits {
  const windows = new Map<string, number[]>();
  const buckets = new Map<string, { tokens: number; at: number }>();

  const takeFromWindow = (key: string, allowance: number, now: number): number | null => {
    const recent = (windows.get(key) ?? []).filter((at) => at > now - MINUTE_MS);
    windows.set(key, recent);
    const oldest = recent[recent.length - allowance];
    if (recent.length >= allowance && oldest !== undefined) return seconds(oldest + MINUTE_MS - now);
    recent.push(now);
    return null;
  };
  const takeFromBucket = (key: string, perSecond: number, now: number): number | null => {
    const bucket = buckets.get(key) ?? { tokens: CHANNEL_BURST, at: now };
    const tokens = Math.min(CHANNEL_BURST, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    if (tokens < 1) {
      buckets.set(key, { tokens, at: now });
      return seconds(((1 - tokens) / perSecond) * 1000);
    }
    buckets.set(key, { tokens: tokens - 1, at: now });
    return null;
  };

  return {
    take({ method, limit, channel, now }) {
      if (!isEnabled || limit === "none") return null;
      if (limit === "channel-second") return takeFromBucket(`${method}:${channel ?? ""}`, scale, now);
      return takeFromWindow(method, Math.max(1, Math.floor(PER_MINUTE[limit] * scale)), now);
    },
  };
}

function seconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}
