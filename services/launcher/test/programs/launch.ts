import { createLogger, enableFaultPoints, loadConfig, runService } from "@peerbot/runtime";
import { compose, LauncherConfig } from "../../src/index.ts";
import { memoryGitHost, nameless } from "../doubles.ts";

// A launcher as a process of its own, to be killed: the real one, with a git host that is always there.
await runService(async () => {
  const config = loadConfig(LauncherConfig, process.env);
  enableFaultPoints(config.FAULT_POINTS_DIR);
  const logger = createLogger({ service: "launcher", level: "fatal" });
  return compose(config, logger, {
    gitHost: memoryGitHost(),
    users: nameless,
    lockDurationMs: 1_000,
    keepPoolEveryMs: 200,
  });
});
