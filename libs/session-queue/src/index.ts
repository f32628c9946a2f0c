export * from "./backoff.ts";
export * from "./notice-queue.ts";
export * from "./session-consumer.ts";
export * from "./session-queue.ts";
export * from "./user-limit.ts";
