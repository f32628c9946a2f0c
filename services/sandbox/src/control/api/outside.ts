import { z } from "zod";

// GET /sandbox/model-requests?sessionKey=

export const ModelRequestsQuery = z.object({ sessionKey: z.string().optional() });

/** Requests to the Claude stand-in, oldest first. */
export const ModelRequests = z.object({
  requests: z.array(
    z.object({
      at: z.number().describe("Milliseconds since the epoch."),
      model: z.string(),
      status: z.number(),
      sessionKey: z.string().nullable(),
    }),
  ),
});
export type ModelRequests = z.infer<typeof ModelRequests>;

// GET /sandbox/pushes, /sandbox/pull-requests, /sandbox/object-writes

/** Every ref that was pushed with git, oldest first; 40 zeros stand for "was not there" and "is gone". */
export const Pushes = z.object({
  pushes: z.array(
    z.object({
      owner: z.string(),
      repo: z.string(),
      ref: z.string(),
      old: z.string(),
      new: z.string(),
      at: z.number(),
    }),
  ),
});
export type Pushes = z.infer<typeof Pushes>;

/** Newest first. */
export const PullRequests = z.object({
  pullRequests: z.array(
    z.object({
      owner: z.string(),
      repository: z.string(),
      number: z.number(),
      state: z.enum(["open", "closed"]),
      head: z.string(),
      base: z.string(),
      createdAt: z.string(),
    }),
  ),
});
export type PullRequests = z.infer<typeof PullRequests>;

/** Requests that change objects, oldest first; `status` is null when a fault kept the answer back. */
export const ObjectWrites = z.object({
  writes: z.array(z.object({ method: z.string(), url: z.string(), status: z.number().nullable(), at: z.number() })),
});
export type ObjectWrites = z.infer<typeof ObjectWrites>;
