import { WorkConfig } from "@peerbot/runtime";

/** What of these settings every worker is told, whatever runs it. */
export function workEnvironmentOf(config: WorkConfig): Readonly<Record<string, string>> {
  const told = WorkConfig.keyof().options.flatMap((name) => {
    const value = config[name];
    return value === undefined ? [] : [[name, String(value)] as const];
  });
  return Object.fromEntries(told);
}
