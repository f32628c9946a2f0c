const HEADER = 8;

/** The text of a container's output, which comes in frames: one byte for the stream, four for the length at its end. */
export function linesOfLog(frames: Buffer): string[] {
  const parts: Buffer[] = [];
  for (let at = 0; at + HEADER <= frames.length; ) {
    const length = frames.readUInt32BE(at + 4);
    parts.push(frames.subarray(at + HEADER, at + HEADER + length));
    at += HEADER + length;
  }
  const text = Buffer.concat(parts).toString().trimEnd();
  return text === "" ? [] : text.split("\n");
}
