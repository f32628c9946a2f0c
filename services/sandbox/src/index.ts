export { compose, type Sandbox } from "./compose.ts";
export { SandboxConfig } from "./config.ts";
export * from "./control/api.ts";
