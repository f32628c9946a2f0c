import { ConfigError, type RunningService, runService } from "../../src/index.ts";

// A process with a service of one kind: `live.ts KIND`. It says `started` once it runs.
const kind = process.argv[2] ?? "";
// What keeps a real service's process alive is given back when it is disposed.
const held = setInterval(() => {}, 1_000);

async function start(): Promise<RunningService> {
  if (kind === "misconfigured") throw new ConfigError(["TOKEN: is missing"]);
  if (kind === "cannot-start") throw new Error("the port is taken");
  process.stdout.write("started\n");
  return {
    ...(kind === "breaks" ? { failed: Promise.reject(new Error("the connection is gone for good")) } : {}),
    [Symbol.asyncDispose]: async () => {
      process.stdout.write("disposed\n");
      if (kind === "stuck") await new Promise(() => {});
      clearInterval(held);
    },
  };
}

await runService(start, { graceMs: 300 });
