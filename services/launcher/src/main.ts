import { createLogger, enableFaultPoints, loadConfig, runService } from "@peerbot/runtime";
import { compose } from "./compose.ts";
import { composeCaretaker } from "./compose-caretaker.ts";
import { LauncherConfig } from "./config.ts";

const isCaretaker = process.argv[2] === "caretaker";
/** As long as workers may take to save, and what removing them takes; never more than ten minutes and a half. */
const CARETAKER_GRACE_MS = 630_000;

await runService(
  async () => {
    const config = loadConfig(LauncherConfig, process.env);
    enableFaultPoints(config.FAULT_POINTS_DIR);
    const logger = createLogger({ service: isCaretaker ? "caretaker" : "launcher", level: config.LOG_LEVEL });
    return isCaretaker ? composeCaretaker(config, logger) : compose(config, logger);
  },
  isCaretaker ? { graceMs: CARETAKER_GRACE_MS } : {},
);
