export { startWorker } from "./compose.ts";
export { WorkerConfig } from "./config.ts";
