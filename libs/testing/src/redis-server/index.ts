export { RedisUnavailableError } from "./redis-unavailable.ts";
export { type RunningRedis, type StartRedisOptions, startRedis } from "./start-redis.ts";
