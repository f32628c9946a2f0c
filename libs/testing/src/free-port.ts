import { once } from "node:events";
import { createServer } from "node:net";

/** Below the range from which systems take the ports of outgoing connections, so that none of those gets in between. */
const FIRST = 15_000;
const LAST = 32_000;

const given = new Set<number>();

/**
 * A TCP port on 127.0.0.1 that was free a moment ago, and that this process was not given before. Prefer port 0 where the
 * listener can say what it got: another process may take this one first.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (given.has(port)) continue;
    given.add(port); // before anybody else who asks at the same time
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
