import { FLUSH, packet } from "./pkt-line.ts";
import type { PushRequest } from "./push-request.ts";

/** Channels of the side band (gitprotocol-pack). */
const REPORT = Buffer.from([1]);
const TEXT_FOR_PEOPLE = Buffer.from([2]);

/** The answer to a push in which every ref is refused, as git shows it: `! [remote rejected] main -> main (reason)`. */
export function refusalReport({ updates, capabilities }: PushRequest, reason: string): Buffer {
  const report = Buffer.concat([
    packet("unpack ok\n"),
    ...updates.map(({ ref }) => packet(`ng ${ref} ${reason}\n`)),
    FLUSH,
  ]);
  if (!capabilities.has("side-band-64k")) return report;
  return Buffer.concat([
    packet(Buffer.concat([TEXT_FOR_PEOPLE, Buffer.from(`Peerbot: ${reason}\n`)])),
    packet(Buffer.concat([REPORT, report])),
    FLUSH,
  ]);
}

/** Whether there is a ref to report on and a client that reads it. */
export function canBeReported({ updates, capabilities }: PushRequest): boolean {
  if (updates.length === 0) return false;
  return capabilities.has("report-status") || capabilities.has("report-status-v2");
}
