export * from "./errors.ts";
export * from "./git-host.ts";
export * from "./github/github-host.ts";
