export { compose, type DockerProxy } from "./compose.ts";
export { DockerProxyConfig } from "./config.ts";
