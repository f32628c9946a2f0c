import { GcsError } from "./gcs-error.ts";

export interface MultipartPart {
  contentType: string;
  content: Buffer;
}

/** Takes the two parts (resource and media) out of a `multipart/related` body. @throws GcsError 400. */
export function parseMultipartRelated(body: Buffer, contentType: string): [MultipartPart, MultipartPart] {
  const boundary = /boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType);
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined) throw new GcsError(400, "Missing boundary in the multipart Content-Type.");
  const [first, second, third] = splitParts(body, Buffer.from(`--${name}`));
  if (first === undefined || second === undefined || third !== undefined) {
    throw new GcsError(400, "A multipart upload must have exactly two parts, metadata and media.");
  }
  return [parsePart(first), parsePart(second)];
}

function splitParts(body: Buffer, delimiter: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let start = body.indexOf(delimiter);
  while (start !== -1) {
    start += delimiter.length;
    if (body.subarray(start, start + 2).toString() === "--") return parts;
    const end = body.indexOf(Buffer.concat([Buffer.from("\r\n"), delimiter]), start);
    if (end === -1) break;
    parts.push(body.subarray(start, end));
    start = end + 2;
  }
  throw new GcsError(400, "The multipart body ends before its closing boundary.");
}

function parsePart(part: Buffer): MultipartPart {
  const headEnd = part.indexOf("\r\n\r\n");
  if (headEnd === -1) throw new GcsError(400, "A part of the multipart body has no end of headers.");
  const contentType = /^content-type:\s*(.+?)\s*$/im.exec(part.subarray(0, headEnd).toString("latin1"))?.[1];
  return { contentType: contentType ?? "application/octet-stream", content: part.subarray(headEnd + 4) };
}
