import { z } from "zod";

const Time = z.string();

/** A repository as kept beside its bare git repository, which has everything else. */
export const RepositoryRecord = z.object({
  id: z.number().int(),
  name: z.string(),
  /** Names that still lead here. */
  formerNames: z.array(z.string()),
  description: z.string().nullable(),
  isPrivate: z.boolean(),
  isArchived: z.boolean(),
  defaultBranch: z.string(),
  createdAt: Time,
  updatedAt: Time,
  pushedAt: Time,
  collaborators: z.array(z.object({ login: z.string(), permission: z.string() })),
});
export type RepositoryRecord = z.infer<typeof RepositoryRecord>;

export const PullRecord = z.object({
  repositoryId: z.number().int(),
  number: z.number().int(),
  title: z.string(),
  body: z.string().nullable(),
  state: z.enum(["open", "closed"]),
  isDraft: z.boolean(),
  head: z.string(),
  base: z.string(),
  /** Last commit of head; stays what it was once the request is closed or the branch is gone. */
  headSha: z.string(),
  /** Commit of base when it was opened. */
  baseSha: z.string(),
  createdAt: Time,
  updatedAt: Time,
  closedAt: Time.nullable(),
  mergedAt: Time.nullable(),
});
export type PullRecord = z.infer<typeof PullRecord>;

export const GitHubRecords = z.object({
  v: z.literal(1),
  lastId: z.number().int(),
  repositories: z.array(RepositoryRecord),
  pulls: z.array(PullRecord),
});
export type GitHubRecords = z.infer<typeof GitHubRecords>;
