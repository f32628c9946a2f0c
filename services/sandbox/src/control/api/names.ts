import { z } from "zod";

export const Ts = z.string().regex(/^\d{10}\.\d{6}$/, "must look like 1700000000.000100");
export const UserId = z.string().min(1).describe("User id or, for convenience, a user name such as ada.");
export const ChannelId = z
  .string()
  .min(1)
  .describe("Channel id or name (with or without #); @ada or a D… id for the DM.");
