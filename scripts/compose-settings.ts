// What the container `settings` of docker-compose.yml does before anything else starts: it decides from the operator's
// `.env` who is real, makes up what may be made up, once, and leaves each service a file with what that service reads.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@peerbot/runtime";
import { envFileOf } from "./compose/env-file.ts";
import { CONTAINER_NAMES, planSettings } from "./compose/plan-settings.ts";
import { readVariables } from "./settings/read-variables.ts";
import { partyNames } from "./stack/describe-stack.ts";
import { chooseOutsideWorld, type Settings } from "./stack/outside-world.ts";
import { keptSecrets } from "./stack/stack-secrets.ts";

const EXIT_BAD_CONFIG = 78; // EX_CONFIG of sysexits.h

try {
  await writeSettings(process.env, process.argv[2] ?? "/settings");
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = EXIT_BAD_CONFIG;
}

async function writeSettings(settings: Settings, folder: string): Promise<void> {
  const { real, problems } = chooseOutsideWorld(settings);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const secrets = await keptSecrets(join(folder, "secrets"));
  const variables = await readVariables(join(import.meta.dirname, ".."), CONTAINER_NAMES);
  const plan = planSettings({ settings, real, variables, secrets });
  for (const name of CONTAINER_NAMES) {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, "env"), envFileOf(plan.settings[name]), { mode: 0o640 });
  }
  const lines = [
    ...(plan.standIns.length > 0 ? [`Page         ${settings.PAGE_URL}`] : []),
    `Queue        port 9090 of the launcher, /queues  (user admin, password ${secrets.bullBoardPassword})`,
    `Played here  ${partyNames(plan.standIns)}`,
    `Real         ${partyNames(real)}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
