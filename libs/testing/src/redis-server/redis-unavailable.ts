import { AppError } from "@peerbot/runtime";

/** This machine has no Redis and none could be had; the message lists the ways to get one. */
export class RedisUnavailableError extends AppError {
  constructor(cause?: unknown) {
    super(
      [
        "Peerbot needs a Redis (6.2 or newer) and found none: REDIS_URL is not set, no redis-server or valkey-server is",
        "on the PATH, and none could be unpacked or started in Docker. Any one of these helps:",
        "  - Debian, Ubuntu:  sudo apt-get install redis-server",
        "  - macOS:           brew install redis",
        "  - Docker:          docker run -d -p 6379:6379 redis:7   and   REDIS_URL=redis://127.0.0.1:6379 in .env",
        "  - elsewhere:       REDIS_URL=redis://… in .env",
      ].join("\n"),
      { code: "redis-unavailable", cause },
    );
  }
}
