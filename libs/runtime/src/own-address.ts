import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { AppError } from "./app-error.ts";

/**
 * The address a listener binds to that was given a name. Where several machines share the name, as replicas in a network
 * of containers do, it is the one of this machine.
 * @throws AppError `not-own-address`
 */
export async function ownAddressOf(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? []);
  const found = (await lookup(host, { all: true })).find(({ address }) => own.includes(address));
  if (found === undefined) {
    throw new AppError(`no address of ${host} is one of this machine's`, { code: "not-own-address" });
  }
  return found.address;
}
