export { DEFAULT_PORTS, FREE_PORTS, type StackPorts } from "./ports.ts";
export { SERVICE_NAMES, type ServiceName } from "./service-names.ts";
export { type Stack, type StackOptions, startStack } from "./start-stack.ts";
