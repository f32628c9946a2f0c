export { compose, type Streamer, type StreamerOverrides } from "./compose.ts";
export { StreamerConfig } from "./config.ts";
