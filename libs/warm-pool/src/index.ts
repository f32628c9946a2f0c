export * from "./keys.ts";
export * from "./names.ts";
export * from "./news.ts";
export * from "./redis-warm-pool.ts";
export * from "./warm-pool.ts";
