export * from "./activity.ts";
export * from "./events.ts";
export * from "./inbox.ts";
export { sessionKeys, sharedKeys } from "./keys.ts";
export * from "./runs.ts";
export { createScript } from "./script.ts";
export * from "./waits.ts";
