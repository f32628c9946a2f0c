import { createLogger, enableFaultPoints, loadConfig, runService } from "@peerbot/runtime";
import { compose } from "./compose.ts";
import { DockerProxyConfig } from "./config.ts";

await runService(async () => {
  const config = loadConfig(DockerProxyConfig, process.env);
  enableFaultPoints(config.FAULT_POINTS_DIR);
  return compose(config, createLogger({ service: "docker-proxy", level: config.LOG_LEVEL }));
});
