import { createLogger, enableFaultPoints, loadConfig, runService } from "@peerbot/runtime";
import { compose } from "./compose.ts";
import { IngressConfig } from "./config.ts";

await runService(async () => {
  const config = loadConfig(IngressConfig, process.env);
  enableFaultPoints(config.FAULT_POINTS_DIR);
  return compose(config, createLogger({ service: "ingress", level: config.LOG_LEVEL }));
});
