import { isIPv6 } from "node:net";

const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/**
 * Whether a request means the sandbox by a name of its own. A web page that a developer visits can have its own name
 * point here; taken in, it could write messages, and the scripted model runs commands for those. Bound to the network
 * the sandbox has whatever names others give it, unless it was told the name services use.
 */
export function isForSandbox(
  hostHeader: string | undefined,
  {
    boundTo,
    publicUrl,
    servicesUrl,
  }: { boundTo: string; publicUrl?: string | undefined; servicesUrl?: string | undefined },
): boolean {
  if (!LOOPBACK.includes(boundTo) && servicesUrl === undefined) return true;
  const told = [publicUrl, servicesUrl].filter((url) => url !== undefined);
  const own = [...LOOPBACK, ...told.map((url) => hostnameOf(new URL(url).host))];
  return own.includes(hostnameOf(hostHeader ?? ""));
}

/** Without port and brackets. */
function hostnameOf(host: string): string {
  const [, bracketed, plain = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(host) ?? [];
  return bracketed !== undefined && isIPv6(bracketed) ? bracketed : plain.toLowerCase();
}
