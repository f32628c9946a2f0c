import { readPacket } from "./pkt-line.ts";

export interface RefUpdate {
  oldId: string;
  newId: string;
  ref: string;
}

/** What a push asks for, read from what precedes its pack (gitprotocol-pack, "Reference Update Request"). */
export interface PushRequest {
  updates: RefUpdate[];
  capabilities: ReadonlySet<string>;
  isSigned: boolean;
  hasOptions: boolean;
}

export type PushHead =
  | { status: "complete"; push: PushRequest }
  | { status: "incomplete" }
  | { status: "malformed"; reason: string };

const SHALLOW = /^shallow (?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const UPDATE = /^([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) (\S+)$/;

/**
 * Reads the head of a push. It is stricter than git: what it accepts has one meaning only, so that the host cannot
 * understand the same bytes differently.
 */
export function parsePushHead(bytes: Buffer): PushHead {
  const push = {
    updates: [] as RefUpdate[],
    capabilities: new Set<string>() as ReadonlySet<string>,
    isSigned: false,
    hasOptions: false,
  };
  let at = 0;
  let isFirst = true;
  for (;;) {
    const read = readPacket(bytes, at);
    if (read === "incomplete") return { status: "incomplete" };
    if (read === "malformed") return malformed("a packet has no valid length");
    at = read.end;
    if (read.packet.type === "flush") break;
    const [line = "", ...rest] = read.packet.data.toString("utf8").replace(/\n$/, "").split("\0");
    if (SHALLOW.test(line) && rest.length === 0) continue;
    if (rest.length > (isFirst ? 1 : 0)) return malformed("capabilities stand where none belong");
    if (isFirst) {
      const names = capabilitiesIn(rest[0] ?? "");
      if (names === undefined) return malformed("capabilities are set apart by something else than blanks");
      push.capabilities = names;
    }
    isFirst = false;
    if (line === "push-cert") return { status: "complete", push: { ...push, isSigned: true } };
    const [, oldId, newId, ref] = UPDATE.exec(line) ?? [];
    if (oldId === undefined || newId === undefined || ref === undefined) return malformed("a line is no ref update");
    push.updates.push({ oldId, newId, ref });
  }
  // A push without updates is git asking whether it may send more; no options follow.
  if (push.updates.length === 0 || !push.capabilities.has("push-options")) return { status: "complete", push };
  const option = readPacket(bytes, at);
  if (option === "incomplete") return { status: "incomplete" };
  if (option === "malformed") return malformed("a push option has no valid length");
  return { status: "complete", push: { ...push, hasOptions: option.packet.type === "data" } };
}

/** Their names, without values. git also takes tabs and line breaks for blanks and `name=value` for `name`. */
function capabilitiesIn(text: string): ReadonlySet<string> | undefined {
  if (!/^[\x20-\x7e]*$/.test(text)) return undefined;
  return new Set(text.split(" ").map((capability) => capability.replace(/=.*/, "")));
}

function malformed(reason: string): PushHead {
  return { status: "malformed", reason };
}
