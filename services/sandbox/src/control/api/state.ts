import { z } from "zod";

// GET /sandbox/state

export const SandboxUser = z.object({
  id: z.string(),
  team: z.string(),
  /** Handle, as in `@ada`. */
  name: z.string(),
  realName: z.string(),
  displayName: z.string(),
  email: z.string().nullable(),
  isBot: z.boolean(),
  /** True for somebody of another team who shares a channel through Slack Connect. */
  isExternal: z.boolean(),
});
export type SandboxUser = z.infer<typeof SandboxUser>;

export const SandboxChannel = z.object({
  id: z.string(),
  name: z.string().describe("Without #. For a DM: the name of the person."),
  kind: z.enum(["channel", "im"]),
  members: z.array(z.string()),
  isShared: z.boolean().describe("True for a Slack Connect channel."),
});
export type SandboxChannel = z.infer<typeof SandboxChannel>;

export const SandboxState = z.object({
  team: z.object({ id: z.string(), name: z.string(), domain: z.string() }),
  botUser: z.object({ id: z.string(), botId: z.string(), appId: z.string(), name: z.string() }),
  users: z.array(SandboxUser),
  channels: z.array(SandboxChannel),
  delivery: z.object({
    mode: z.enum(["http", "socket"]),
    eventsUrl: z.string(),
    /** Open Socket Mode connections. */
    connections: z.number(),
  }),
});
export type SandboxState = z.infer<typeof SandboxState>;
