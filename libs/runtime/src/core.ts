// What a short-lived process needs, too: none of it loads a server, a Redis client or metrics.
export * from "./app-error.ts";
export * from "./config.ts";
export * from "./fault-point-catalogue.ts";
export * from "./fault-points.ts";
export * from "./logger.ts";
export * from "./secret.ts";
export * from "./shared-config.ts";
