import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { branchOf, sessionKeyOf } from "@peerbot/contracts";
import { createSandboxClient } from "../../say/sandbox-client.ts";
import type { Stack } from "../../stack/index.ts";

const PROGRAM = join(import.meta.dirname, "../bare/start-agent.ts");

/** Milliseconds from the start of the bare program's process to its first request at the Claude stand-in. */
export async function startBareAgent(
  stack: Stack,
  { dataDir, signal }: { dataDir: string; signal: AbortSignal },
): Promise<number> {
  const folder = await mkdtemp(join(dataDir, "bare-"));
  const repository = join(folder, "repository");
  await mkdir(repository);
  const gateway = stack.plan.services.find(({ name }) => name === "gateway")?.environment ?? {};
  // The stand-in knows requests by the branch that stands in them.
  const sessionKey = sessionKeyOf({ team: "T1", channel: "CBARE", threadTs: `${(Date.now() / 1_000).toFixed(6)}` });
  const prompt = `You are on the branch ${branchOf(sessionKey)}. Say hello.`;
  const startedAt = Date.now();
  const child = spawn(process.execPath, [PROGRAM, repository, prompt], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      CLAUDE_CONFIG_DIR: join(folder, ".claude"),
      ANTHROPIC_BASE_URL: gateway.ANTHROPIC_BASE_URL,
      ANTHROPIC_API_KEY: gateway.ANTHROPIC_API_KEY,
    },
    stdio: ["ignore", "ignore", "inherit"],
    signal,
  });
  const [code] = await once(child, "exit");
  const [first] = await createSandboxClient(stack.plan.sandboxUrl ?? "").modelRequestTimes(sessionKey);
  if (first === undefined) throw new Error(`the bare program ended with ${code} and asked nothing`);
  return first - startedAt;
}
