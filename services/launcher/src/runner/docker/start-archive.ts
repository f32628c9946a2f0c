/** The image's own user: `USER 1000` in its Dockerfile. */
export const WORKER_UID = 1000;

const BLOCK = 512;

/** Something to be put into a container. */
export interface Entry {
  path: string;
  mode: number;
  uid: number;
  /** Unset: a folder. */
  text?: string;
}

/** The simplest tar archive there is (POSIX ustar). */
export function tarOf(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap((entry) => {
    const content = Buffer.from(entry.text ?? "");
    return [headerOf(entry, content.length), content, Buffer.alloc(-content.length & (BLOCK - 1))];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** The text of the one file in an archive. */
export function textIn(tar: Buffer): string {
  const size = Number.parseInt(tar.subarray(124, 135).toString(), 8);
  return tar.subarray(BLOCK, BLOCK + size).toString();
}

function headerOf({ path, mode, uid, text }: Entry, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number) =>
    header.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at);
  header.write(text === undefined ? `${path}/` : path, 0, 100);
  octal(mode, 100, 8);
  octal(uid, 108, 8);
  octal(uid, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  header.write(text === undefined ? "5" : "0", 156);
  header.write("ustar\0" + "00", 257);
  // The checksum is made as if its own field held blanks.
  header.fill(" ", 148, 156);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return header;
}
