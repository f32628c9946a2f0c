import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import type { Delivery } from "./mention-deliveries.ts";

/**
 * Milliseconds until all were acknowledged, `atOnce` of them under way at any time.
 * @throws when one is not acknowledged
 */
export async function deliver(
  url: string,
  deliveries: readonly Delivery[],
  { atOnce }: { atOnce: number },
): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const waiting = deliveries.values();
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const delivery of waiting) await deliverOne(url, delivery, agent);
    }),
  );
  const took = performance.now() - startedAt;
  agent.destroy();
  return took;
}

async function deliverOne(url: string, { body, headers }: Delivery, agent: Agent): Promise<void> {
  const sent = request(url, { agent, method: "POST", headers }).end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  await once(response.resume(), "end");
  if (response.statusCode !== 200) throw new Error(`a delivery was answered with ${response.statusCode}`);
}
