import { z } from "zod";

const pathSegment = z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/, "is not a repository name");

/** A repository at the git host. */
export const Repository = z.object({
  owner: pathSegment,
  name: pathSegment,
  defaultBranch: z.string(),
  /** Where a person reads it. */
  webUrl: z.url(),
});
export type Repository = z.infer<typeof Repository>;

export const PullRequest = z.object({ number: z.number().int(), url: z.url() });
export type PullRequest = z.infer<typeof PullRequest>;

/** Whom a run works for. `id` is the Slack user id and the identity; the names are for reading only. */
export const Person = z.object({ team: z.string(), id: z.string(), name: z.string(), email: z.email().optional() });
export type Person = z.infer<typeof Person>;
