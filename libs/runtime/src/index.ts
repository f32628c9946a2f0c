export * from "./app-error.ts";
export * from "./config.ts";
export * from "./internal-server.ts";
export * from "./logger.ts";
export * from "./metrics.ts";
export * from "./redis.ts";
export * from "./run-service.ts";
export * from "./secret.ts";
