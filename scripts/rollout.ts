import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "@peerbot/runtime";
import { runRollout } from "./rollout/run-rollout.ts";

const HELP = `Replaces every process of every service while sessions run, as a deploy does, and checks that nobody in Slack
could tell.

  npm run rollout -- --sessions 20 --runner kubernetes

  --sessions N      how many sessions run meanwhile; 20 unless told
  --runner R        kubernetes (workers as Jobs of the sandbox's cluster) or process; kubernetes unless told
  --warm N          how many workers wait for a run; 2 unless told
  --keep            keep the folder with the logs and data
  --help            this text

Exit code: 0 when no promise was broken, 1 when one was, 2 when it could not run.
`;

const PATIENCE_MS = 10 * 60_000;

process.exitCode = await rollout(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  return 2;
});

async function rollout(parameters: string[]): Promise<number> {
  const { values } = parseArgs({
    args: parameters,
    options: {
      sessions: { type: "string", default: "20" },
      runner: { type: "string", default: "kubernetes" },
      warm: { type: "string", default: "2" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { runner } = values;
  if (runner !== "process" && runner !== "kubernetes") throw new Error("--runner is kubernetes or process");
  const [sessions, warmWorkers] = [Number(values.sessions), Number(values.warm)];
  if (!Number.isInteger(sessions) || sessions < 1) throw new Error("--sessions is a whole number from 1");
  if (!Number.isInteger(warmWorkers) || warmWorkers < 0) throw new Error("--warm is a whole number from 0");

  const dataDir = await mkdtemp(join(tmpdir(), "peerbot-rollout-"));
  try {
    const report = (message: string) => void process.stderr.write(`${message}\n`);
    const result = await runRollout({ sessions, runner, warmWorkers, dataDir, patienceMs: PATIENCE_MS, report });
    for (const { promise, where, evidence } of result.violations) {
      process.stdout.write(`${promise}: ${where}: ${evidence}\n`);
    }
    const { live, rolloutMs, violations } = result;
    process.stdout.write(
      `${live.before} sessions at work before, ${live.after} after ${Math.round(rolloutMs / 1000)} s; ${violations.length} broken promises.\n`,
    );
    return violations.length === 0 ? 0 : 1;
  } finally {
    if (values.keep) process.stderr.write(`Logs and data are in ${dataDir}.\n`);
    else await rm(dataDir, { recursive: true, force: true });
  }
}
