import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "@peerbot/testing";
import { z } from "zod";
import { type Stack, startStack } from "../../scripts/stack/index.ts";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** The document `say --json` prints. */
export const SayReport = z.object({
  state: z.string(),
  sessionKey: z.string(),
  thread: z.string(),
  branch: z.string().nullable(),
  commit: z.string().nullable(),
  pullRequest: z.object({ number: z.number(), url: z.string() }).nullable(),
  messages: z.array(z.object({ ts: z.string(), user: z.string(), isBot: z.boolean(), text: z.string() })),
  durations: z.object({
    firstSign: z.number().nullable(),
    firstModelRequest: z.number().nullable(),
    total: z.number(),
  }),
});
export type SayReport = z.infer<typeof SayReport>;

export interface StackBench extends AsyncDisposable {
  readonly stack: Stack;
  readonly sandboxUrl: string;
  readonly dataDir: string;
  /** `npm run say` as a person calls it, with `--json`. */
  say(...args: string[]): Promise<{ exitCode: number; report: SayReport }>;
  /** Runs git in a fresh mirror of a person's repository. */
  git(repository: string, ...args: string[]): Promise<string>;
}

/** The whole system as separate processes in a folder of its own. */
export async function startStackBench(settings: Record<string, string> = {}): Promise<StackBench> {
  const folder = await temporaryFolder();
  const stack = await startStack({ dataDir: folder.path, settings });
  const sandboxUrl = stack.plan.sandboxUrl ?? "";
  return {
    stack,
    sandboxUrl,
    dataDir: folder.path,

    async say(...args) {
      const say = [join(ROOT, "scripts/say.ts"), "--json", "--timeout", "90", ...args];
      const env = { PATH: process.env.PATH, SANDBOX_URL: sandboxUrl };
      const result = await run(process.execPath, say, { env, cwd: ROOT, maxBuffer: 1 << 26 }).then(
        ({ stdout }) => ({ exitCode: 0, stdout }),
        (error: { code: number; stdout: string }) => ({ exitCode: error.code, stdout: error.stdout }),
      );
      return { exitCode: result.exitCode, report: SayReport.parse(JSON.parse(result.stdout)) };
    },

    async git(repository, ...args) {
      const clone = join(folder.path, "clones", repository);
      await rm(clone, { recursive: true, force: true });
      const url = `${sandboxUrl}/github/git/peerbot-sandbox/${repository}.git`;
      const token = stack.plan.services.find(({ name }) => name === "gateway")?.environment.GITHUB_TOKEN ?? "";
      const authorization = Buffer.from(`x-access-token:${token}`).toString("base64");
      await run("git", [
        "-c",
        `http.extraHeader=Authorization: Basic ${authorization}`,
        "clone",
        "--quiet",
        "--mirror",
        url,
        clone,
      ]);
      return (await run("git", ["-C", clone, ...args])).stdout.trim();
    },

    async [Symbol.asyncDispose]() {
      await stack[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
