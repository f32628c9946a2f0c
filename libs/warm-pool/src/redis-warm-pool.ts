import type { Redis } from "ioredis";
import { z } from "zod";
import { warmPoolKeys } from "./keys.ts";
import * as scripts from "./scripts.ts";
import { WarmMember, WarmOrder, WarmPlan, type WarmPool } from "./warm-pool.ts";

/** For so long a plan holds that no launcher keeps up, in milliseconds. */
const PLAN_LASTS_MS = 15_000;
/** A waiting worker asks every 20 seconds; one that has not for this long is not given a run. */
const SEEN_WITHIN_MS = 30_000;

const Made = z.object({ at: z.number(), member: z.string().optional() });
const Flag = z.number().transform((value) => value === 1);

export function createWarmPool({ redis, prefix }: { redis: Redis; prefix: string }): WarmPool {
  const { plan: planKey, members, decisions, news } = warmPoolKeys(prefix);
  return {
    async announce({ generation, size }, { isNew }) {
      const mine = JSON.stringify({ generation, size });
      const held = await scripts.announce(redis, [planKey], [mine, PLAN_LASTS_MS, isNew ? 1 : 0]);
      return WarmPlan.parse(JSON.parse(String(held)));
    },

    async reserve(name, generation) {
      return z.enum(["reserved", "full"]).parse(await scripts.reserve(redis, [planKey, members], [name, generation]));
    },

    async members() {
      const all = Object.entries(await redis.hgetall(members));
      return all.map(([name, text]) => ({ name, ...WarmMember.parse(JSON.parse(text)) }));
    },

    async stateOf(name) {
      const text = await redis.hget(members, name);
      return text === null ? undefined : WarmMember.parse(JSON.parse(text)).state;
    },

    async arrive(name) {
      return z.enum(["ready", "refused"]).parse(await scripts.arrive(redis, [members], [name]));
    },

    async look(name) {
      return z.enum(["waiting", "offered", "over"]).parse(await scripts.look(redis, [members], [name]));
    },

    async take(name) {
      const taken = await scripts.take(redis, [members], [name, news]);
      if (taken === "over") return "over";
      const [order, isAgain] = z.tuple([z.string(), Flag]).parse(taken);
      return { order: WarmOrder.parse(JSON.parse(order)), isAgain };
    },

    async decide(run, { sessionKey, epoch }, generation) {
      const order = JSON.stringify({ sessionKey, epoch });
      const made = await scripts.decide(
        redis,
        [members, decisions],
        [run, order, generation ?? "", SEEN_WITHIN_MS, news],
      );
      if (made === "cold") return { kind: "cold" };
      const [member, isNew] = z.tuple([z.string(), Flag]).parse(made);
      return { kind: "warm", member, isNew };
    },

    async memberOf(run) {
      const text = await redis.hget(decisions, run);
      return text === null ? undefined : Made.parse(JSON.parse(text)).member;
    },

    async withdraw(run) {
      return z.enum(["withdrawn", "taken"]).parse(await scripts.withdraw(redis, [members, decisions], [run, news]));
    },

    async decisions() {
      const all = Object.entries(await redis.hgetall(decisions));
      return all.map(([run, text]) => {
        const { at, member } = Made.parse(JSON.parse(text));
        return { run, member, at };
      });
    },

    async release(run) {
      await scripts.release(redis, [members, decisions], [run]);
    },

    async retire(name) {
      return z.enum(["leaving", "assigned", "unknown"]).parse(await scripts.retire(redis, [members], [name, news]));
    },

    async drop(name) {
      await scripts.drop(redis, [members], [name]);
    },
  };
}
