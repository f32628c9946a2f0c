import { createHash } from "node:crypto";
import { Person } from "@peerbot/contracts";
import type { Logger, Secret } from "@peerbot/runtime";
import { WebClient } from "@slack/web-api";
import type { Redis } from "ioredis";
import { z } from "zod";

/** Knows the people of a Slack workspace by name. */
export interface UserDirectory {
  /** Never fails: a person Slack does not tell about now is called by the bare user id. */
  personOf(user: { team: string; id: string }): Promise<Person>;
}

export interface SlackUserDirectoryOptions {
  token: Secret;
  /** Address of the Web API, such as https://slack.com/api. */
  apiUrl: string;
  redis: Redis;
  /** First part of the keys in Redis. */
  prefix: string;
  logger: Logger;
}

const TIMEOUT_MS = 5_000;
const REMEMBERED_SECONDS = 24 * 3600;
/** Asked again soon when Slack did not answer, but not by every run in between. */
const UNKNOWN_SECONDS = 60;

/** The fields of `users.info` that matter. Without the scope `users:read.email` there is no address. */
const UserInfo = z.object({
  user: z.object({
    name: z.string().optional(),
    real_name: z.string().optional(),
    profile: z
      .object({ display_name: z.string().optional(), real_name: z.string().optional(), email: z.string().optional() })
      .optional(),
  }),
});

/** Asks Slack's `users.info` (at most 5 s) and remembers the answer in Redis for a day. */
export function createSlackUserDirectory(options: SlackUserDirectoryOptions): UserDirectory {
  const { token, apiUrl, redis, prefix, logger } = options;
  const slack = new WebClient(token.reveal(), {
    slackApiUrl: apiUrl,
    timeout: TIMEOUT_MS,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });

  return {
    async personOf({ team, id }) {
      const key = `${prefix}:person:${createHash("sha256").update(`${team}:${id}`).digest("hex").slice(0, 20)}`;
      const remembered = Person.safeParse(JSON.parse((await redis.get(key)) ?? "null"));
      if (remembered.success) return remembered.data;
      const told = await ask({ team, id });
      const person = told ?? { team, id, name: id };
      await redis.set(key, JSON.stringify(person), "EX", told === undefined ? UNKNOWN_SECONDS : REMEMBERED_SECONDS);
      return person;
    },
  };

  async function ask({ team, id }: { team: string; id: string }): Promise<Person | undefined> {
    try {
      const { user } = UserInfo.parse(await slack.users.info({ user: id }));
      return personFrom({ team, id }, user);
    } catch (error) {
      logger.warn({ user: id, err: error }, "user-lookup-failed");
      return undefined;
    }
  }
}

/** What the person is called in the workspace; an address that is none is left out. */
export function personFrom(user: { team: string; id: string }, info: z.infer<typeof UserInfo>["user"]): Person {
  const names = [info.profile?.display_name, info.profile?.real_name, info.real_name, info.name];
  const name = names.map((candidate) => candidate?.trim()).find((candidate) => candidate) ?? user.id;
  const email = z.email().safeParse(info.profile?.email);
  return { ...user, name, ...(email.success ? { email: email.data } : {}) };
}
