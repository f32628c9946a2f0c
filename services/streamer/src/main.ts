import { createLogger, enableFaultPoints, loadConfig, runService } from "@peerbot/runtime";
import { compose } from "./compose.ts";
import { StreamerConfig } from "./config.ts";

await runService(async () => {
  const config = loadConfig(StreamerConfig, process.env);
  enableFaultPoints(config.FAULT_POINTS_DIR);
  return compose(config, createLogger({ service: "streamer", level: config.LOG_LEVEL }));
});
