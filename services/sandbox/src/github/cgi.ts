import { once } from "node:events";
import type { Readable } from "node:stream";

export interface CgiHead {
  status: number;
  headers: Record<string, string>;
}

/** Reads the head of a CGI answer (RFC 3875); what follows it is left in the stream. @throws when it ends before. */
export async function readCgiHead(stdout: Readable): Promise<CgiHead> {
  let seen = Buffer.alloc(0);
  for (;;) {
    const chunk: Buffer | null = stdout.read();
    if (chunk === null) {
      if (stdout.readableEnded) break;
      await Promise.race([once(stdout, "readable"), once(stdout, "end")]);
      continue;
    }
    seen = Buffer.concat([seen, chunk]);
    const end = seen.indexOf("\r\n\r\n");
    if (end === -1) continue;
    const body = seen.subarray(end + 4);
    if (body.length > 0) stdout.unshift(body);
    return parseCgiHead(seen.subarray(0, end).toString("latin1"));
  }
  throw new Error(`the program ended before its answer began (${seen.length} bytes)`);
}

export function parseCgiHead(text: string): CgiHead {
  const fields = text.split("\r\n").map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const { status = "200", ...headers } = Object.fromEntries(fields);
  return { status: Number.parseInt(status, 10), headers };
}
