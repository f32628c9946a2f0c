import { createLogger, enableFaultPoints, loadConfig, runService } from "@peerbot/runtime";
import { compose } from "./compose.ts";
import { GatewayConfig } from "./config.ts";

await runService(async () => {
  const config = loadConfig(GatewayConfig, process.env);
  enableFaultPoints(config.FAULT_POINTS_DIR);
  return compose(config, createLogger({ service: "gateway", level: config.LOG_LEVEL }));
});
