import { createLogger, enableFaultPoints, loadConfig, runService } from "@peerbot/runtime";
import { compose } from "./compose.ts";
import { LauncherConfig } from "./config.ts";

await runService(async () => {
  const config = loadConfig(LauncherConfig, process.env);
  enableFaultPoints(config.FAULT_POINTS_DIR);
  return compose(config, createLogger({ service: "launcher", level: config.LOG_LEVEL }));
});
