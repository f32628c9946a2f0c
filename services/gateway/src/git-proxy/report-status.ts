import { FLUSH, MAX_PACKET_DATA_BYTES, packet } from "./pkt-line.ts";
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
    ...piecesOf(report, MAX_PACKET_DATA_BYTES - REPORT.length).map((piece) => packet(Buffer.concat([REPORT, piece]))),
    FLUSH,
  ]);
}

/** The report of many refs is longer than one packet; the side band puts it together again. */
function piecesOf(bytes: Buffer, length: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += length) pieces.push(bytes.subarray(at, at + length));
  return pieces;
}

/** Whether there is a ref to report on and a client that reads it. */
export function canBeReported({ updates, capabilities }: PushRequest): boolean {
  if (updates.length === 0) return false;
  return capabilities.has("report-status") || capabilities.has("report-status-v2");
}
