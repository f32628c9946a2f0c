/** What a stack consists of. They start together: each waits for what it needs. */
export const SERVICE_NAMES = ["sandbox", "gateway", "streamer", "launcher", "ingress"] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

export function isServiceName(text: string): text is ServiceName {
  return (SERVICE_NAMES as readonly string[]).includes(text);
}
