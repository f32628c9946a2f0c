import type { z } from "zod";
import type { MethodLimit } from "./rate-limits.ts";
import type { SlackServices } from "./services.ts";
import { explainedFailure, type SlackFailure } from "./slack-failure.ts";

export type Answer = Record<string, unknown>;

/** One Web API method. */
export interface SlackMethod {
  name: string;
  limit: MethodLimit;
  /** Which token may call it. */
  token: "bot" | "app" | "none";
  /** @throws SlackFailure */
  call(args: Record<string, unknown>, services: SlackServices): Promise<Answer>;
}

export interface MethodDefinition<Schema extends z.ZodType> {
  name: string;
  limit: MethodLimit;
  token?: SlackMethod["token"];
  args: Schema;
  run: (args: z.infer<Schema>, services: SlackServices) => Answer | Promise<Answer>;
}

/** Ties a handler to the schema of its arguments. */
export function defineMethod<Schema extends z.ZodType>(definition: MethodDefinition<Schema>): SlackMethod {
  const { name, limit, token = "bot", args: schema, run } = definition;
  return {
    name,
    limit,
    token,
    async call(args, services) {
      const parsed = schema.safeParse(args);
      if (parsed.success) return run(parsed.data, services);
      throw failureOf(parsed.error.issues);
    },
  };
}

const MISSING: Record<string, string> = {
  channel: "channel_not_found",
  user: "user_not_found",
  blocks: "invalid_blocks_format",
  metadata: "invalid_metadata_format",
};

function failureOf(issues: readonly z.core.$ZodIssue[]): SlackFailure {
  const known = issues.map((issue) => MISSING[String(issue.path[0])]).find((code) => code !== undefined);
  const messages = issues.map(({ message, path }) => `${message} [json-pointer:/${path.join("/")}]`);
  return explainedFailure(known ?? "invalid_arguments", messages);
}
