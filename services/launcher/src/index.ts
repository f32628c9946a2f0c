export { compose, type Launcher, type LauncherOverrides } from "./compose.ts";
export { LauncherConfig } from "./config.ts";
export { createProcessRunner, type ProcessRunnerOptions } from "./runner/process/process-runner.ts";
