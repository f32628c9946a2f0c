// Asks a service whether it can work now; for HEALTHCHECK. Plain JavaScript, since it starts every few seconds.
import { lookup } from "node:dns/promises";
import { get } from "node:http";
import { networkInterfaces } from "node:os";

const url = process.argv[2] ?? `http://${await internalAddress()}:${process.env.INTERNAL_PORT}/ready`;
// Without an agent no connection is kept, which would keep this process, too.
const request = get(url, { agent: false, timeout: 8_000 }, async (response) => {
  process.exitCode = response.statusCode === 200 ? 0 : 1;
  for await (const part of response) if (process.exitCode === 1) process.stdout.write(part);
});
request.on("timeout", () => request.destroy(new Error("no answer within 8 s")));
request.on("error", (error) => {
  process.stdout.write(`${url}: ${error.message}`);
  process.exitCode = 1;
});

/** Where the internal listener is: see libs/runtime/src/own-address.ts. */
async function internalAddress() {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses.map(({ address }) => address));
  const named = await lookup(process.env.INTERNAL_HOST || "127.0.0.1", { all: true });
  return named.find(({ address }) => own.includes(address))?.address ?? "127.0.0.1";
}
