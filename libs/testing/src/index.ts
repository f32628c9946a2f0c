export * from "./free-port.ts";
export * from "./temporary-folder.ts";
export { type TestRedis, testRedis } from "./test-redis.ts";
export * from "./until.ts";
