export * from "./conversation-store.ts";
export * from "./errors.ts";
export * from "./filesystem-store.ts";
export * from "./gcs-store.ts";
