export { compose, type Ingress } from "./compose.ts";
export { IngressConfig } from "./config.ts";
