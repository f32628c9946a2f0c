import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";

const SERVICES = join(import.meta.dirname, "../../services");
const VALUE = "never-to-be-printed";

/** Settings that are missing and settings that are wrong, by service. */
const MISTAKES: Record<string, { missing: string[]; wrong: Record<string, string> }> = {
  ingress: {
    missing: ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"],
    wrong: { INGRESS_PORT: VALUE, SLACK_ALLOW_DIRECT_MESSAGES: VALUE, SLACK_DENIED_USERS: VALUE, REDIS_URL: VALUE },
  },
  launcher: {
    missing: ["GITHUB_TOKEN", "GITHUB_ORGANIZATION", "SLACK_BOT_TOKEN"],
    wrong: { TOKEN_SECRET: VALUE, BULL_BOARD_PASSWORD: "short", RUNNER: VALUE, SESSION_TIMEOUT_SECONDS: "0" },
  },
  gateway: {
    missing: ["ANTHROPIC_API_KEY", "GITHUB_TOKEN", "GITHUB_ORGANIZATION"],
    wrong: { TOKEN_SECRET: VALUE, ANTHROPIC_BASE_URL: VALUE, GATEWAY_PORT: "65536" },
  },
  streamer: { missing: ["SLACK_BOT_TOKEN"], wrong: { SLACK_API_URL: VALUE, LOG_LEVEL: VALUE, INTERNAL_PORT: VALUE } },
  sandbox: { missing: [], wrong: { SANDBOX_PORT: VALUE, SLACK_DELIVERY: VALUE, SLACK_RETRY_SECONDS: VALUE } },
  worker: { missing: ["START_TOKEN"], wrong: { GATEWAY_URL: VALUE, WORKSPACE_DIR: VALUE, MAX_BUDGET_USD: "-1" } },
};

describe("Wrong settings", function () {
  this.timeout(30_000);

  for (const [service, { missing, wrong }] of Object.entries(MISTAKES)) {
    it(`stop the ${service} at once with all that needs attention, by name and never by value`, async () => {
      const { exitCode, said } = await run(service, wrong);
      expect(exitCode, said).to.equal(78);
      for (const name of missing) expect(said).to.include(`- ${name}: is missing`);
      for (const name of Object.keys(wrong)) expect(said).to.include(`- ${name}: `);
      expect(said).not.to.include(VALUE);
      expect(said).not.to.match(/^\s+at /m);
    });
  }
});

async function run(service: string, env: Record<string, string>): Promise<{ exitCode: number; said: string }> {
  const child = spawn(process.execPath, [join(SERVICES, service, "src/main.ts")], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { exitCode, said: out + err };
}
