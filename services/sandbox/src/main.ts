import { createLogger, loadConfig, runService } from "@peerbot/runtime";
import { compose } from "./compose.ts";
import { SandboxConfig } from "./config.ts";

await runService(async () => {
  const config = loadConfig(SandboxConfig, process.env);
  return compose(config, createLogger({ service: "sandbox", level: config.LOG_LEVEL }));
});
