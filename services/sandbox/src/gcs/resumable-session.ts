import { GcsError } from "./gcs-error.ts";

/** What a PUT to a resumable upload says about its bytes. */
export type ContentRange =
  | { kind: "status" }
  | {
      kind: "bytes";
      start: number /** Length of the whole object, once the client knows it. */;
      total: number | undefined;
      isLast: boolean;
    };

/** Reads `Content-Range`; without the header the body is the whole object. @throws GcsError 400. */
export function parseContentRange(header: string | undefined): ContentRange {
  if (header === undefined) return { kind: "bytes", start: 0, total: undefined, isLast: true };
  if (/^bytes \*\/(\*|\d+)$/.test(header)) return { kind: "status" };
  const match = /^bytes (\d+)-(\d+|\*)\/(\d+|\*)$/.exec(header);
  if (match === null) throw new GcsError(400, `Failed to parse Content-Range header '${header}'.`);
  const [, start = "", end = "", total = ""] = match;
  return {
    kind: "bytes",
    start: Number(start),
    total: total === "*" ? undefined : Number(total),
    // `0-*/*` streams to the end with nobody knowing the size; `0-262143/*` is a chunk with more to come.
    isLast: end === "*" || (total !== "*" && Number(end) + 1 === Number(total)),
  };
}

/** The bytes of an upload that have arrived so far. Sending some of them again changes nothing. */
export class ReceivedBytes {
  readonly #chunks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Takes the bytes that come at this offset, without those it has. @throws GcsError 400 when some between are missing. */
  take(chunk: Buffer, offset: number): void {
    if (offset > this.#length) throw new GcsError(400, `Invalid request. Expected bytes from ${this.#length} on.`);
    const fresh = chunk.subarray(this.#length - offset);
    this.#chunks.push(fresh);
    this.#length += fresh.length;
  }

  content(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
