export * from "./core.ts";
export * from "./internal-server.ts";
export * from "./metrics.ts";
export * from "./redis.ts";
export * from "./run-service.ts";
