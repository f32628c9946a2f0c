import { createHash } from "node:crypto";
import { z } from "zod";

/** Names one session everywhere: `{channel}-{thread ts digits}-{6 characters of a hash}`, small letters and digits. */
export const SessionKey = z
  .string()
  .regex(/^[a-z0-9]{2,20}-\d{10,20}-[a-z2-7]{6}$/, "is not a session key")
  .brand("SessionKey");
export type SessionKey = z.infer<typeof SessionKey>;

/** A Slack thread: workspace, channel and the `ts` of its first message. */
export const ThreadAddress = z.object({ team: z.string(), channel: z.string(), threadTs: z.string() });
export type ThreadAddress = z.infer<typeof ThreadAddress>;

/** The same thread always gives the same key; two threads never share one (the hash covers the workspace). */
export function sessionKeyOf({ team, channel, threadTs }: ThreadAddress): SessionKey {
  const hash = base32(createHash("sha256").update(`${team}:${channel}:${threadTs}`).digest()).slice(0, 6);
  return SessionKey.parse(`${channel.toLowerCase()}-${threadTs.replace(/\D/g, "")}-${hash}`);
}

/** The only branch the session's runs may push to. */
export function branchOf(key: SessionKey): string {
  return `claude/session-${key}`;
}

/** Name of the worker of one run: a valid Kubernetes name (RFC 1123 label, at most 63 characters). */
export function runNameOf(key: SessionKey, epoch: number): string {
  return `peerbot-${key}-${epoch.toString(36)}`;
}

/** RFC 4648 base32 in small letters: safe in host names, paths and branches. */
function base32(bytes: Uint8Array): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  let bits = "";
  for (const byte of bytes.subarray(0, 10)) bits += byte.toString(2).padStart(8, "0");
  return (bits.match(/.{5}/g) ?? []).map((group) => alphabet[Number.parseInt(group, 2)]).join("");
}
