import { isIPv6 } from "node:net";

const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/**
 * Whether a request means the sandbox by a name of its own. A web page that a developer visits can have its own name
 * point here; taken in, it could write messages, and the scripted model runs commands for those. Bound to the network
 * the sandbox has whatever names others give it.
 */
export function isForSandbox(
  hostHeader: string | undefined,
  { boundTo, publicUrl }: { boundTo: string; publicUrl: string | undefined },
): boolean {
  if (!LOOPBACK.includes(boundTo)) return true;
  const own = publicUrl === undefined ? LOOPBACK : [...LOOPBACK, hostnameOf(new URL(publicUrl).host)];
  return own.includes(hostnameOf(hostHeader ?? ""));
}

/** Without port and brackets. */
function hostnameOf(host: string): string {
  const [, bracketed, plain = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(host) ?? [];
  return bracketed !== undefined && isIPv6(bracketed) ? bracketed : plain.toLowerCase();
}
