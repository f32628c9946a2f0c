import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = join(import.meta.dirname, "../bare/take-deliveries.ts");

/** Starts the bare server on this Redis. */
export async function startBareServer({
  redisUrl,
  stream,
}: {
  redisUrl: string;
  stream: string;
}): Promise<AsyncDisposable & { url: string }> {
  const child = spawn(process.execPath, [PROGRAM, redisUrl, stream], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(createInterface(child.stdout), "line");
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}
