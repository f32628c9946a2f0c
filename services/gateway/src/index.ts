export { compose, type Gateway } from "./compose.ts";
export { GatewayConfig } from "./config.ts";
