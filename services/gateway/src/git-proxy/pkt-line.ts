/** One packet of git's wire protocol (gitprotocol-common): a line of data, or the flush that ends a section. */
export type Packet = { type: "data"; data: Buffer } | { type: "flush" };

export type PacketRead = { packet: Packet; end: number } | "incomplete" | "malformed";

const LENGTH_BYTES = 4;
const MAX_PACKET_BYTES = 65_520;
/** Most that one data packet carries. */
export const MAX_PACKET_DATA_BYTES = MAX_PACKET_BYTES - LENGTH_BYTES;

/** The packet that begins at `start`, and where it ends. The delimiters of protocol v2 are malformed here: no push has them. */
export function readPacket(bytes: Buffer, start: number): PacketRead {
  if (bytes.length < start + LENGTH_BYTES) return "incomplete";
  const header = bytes.toString("latin1", start, start + LENGTH_BYTES);
  if (!/^[0-9a-fA-F]{4}$/.test(header)) return "malformed";
  const length = Number.parseInt(header, 16);
  if (length === 0) return { packet: { type: "flush" }, end: start + LENGTH_BYTES };
  if (length <= LENGTH_BYTES || length > MAX_PACKET_BYTES) return "malformed";
  const end = start + length;
  if (bytes.length < end) return "incomplete";
  return { packet: { type: "data", data: bytes.subarray(start + LENGTH_BYTES, end) }, end };
}

/** A data packet. */
export function packet(data: string | Buffer): Buffer {
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  const length = (bytes.length + LENGTH_BYTES).toString(16).padStart(LENGTH_BYTES, "0");
  return Buffer.concat([Buffer.from(length, "latin1"), bytes]);
}

export const FLUSH = Buffer.from("0000", "latin1");
