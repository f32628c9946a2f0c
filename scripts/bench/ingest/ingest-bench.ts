import { createSessionQueue, type SessionQueue } from "@peerbot/session-queue";
import { Redis } from "ioredis";
import { createSandboxClient } from "../../say/sandbox-client.ts";
import { type Stack, startStack } from "../../stack/index.ts";
import type { Bench, BenchOptions, BenchResult } from "../bench.ts";
import { loadNow } from "../render-section.ts";
import { startBareServer } from "./bare-server.ts";
import { deliver } from "./deliver.ts";
import { type MentionScene, mentionDeliveries } from "./mention-deliveries.ts";

const DELIVERIES = 500;
/** As after hours without a launcher. */
const WAITING = 2_000;
const AT_ONCE = 8;
/** What nobody may have compiled or connected yet. */
const WARM_UP = 100;

export const ingestBench: Bench = {
  name: "ingest",
  title: "From Slack's delivery to its acknowledgement",
  about: `${DELIVERIES} mentions over HTTP, ${AT_ONCE} under way at a time, until ingress has acknowledged them all: each verified, stored in its session's inbox, its job enqueued and put into the fair order, with nobody waiting before and with ${WAITING.toLocaleString("en")} sessions waiting. Against a bare HTTP server that verifies nothing and appends each body to one stream of the same Redis.`,
  rounds: 9,
  async run({ dataDir, rounds, signal, report }: BenchOptions): Promise<BenchResult> {
    await using running = new AsyncDisposableStack();
    const stack = running.use(await startStack({ dataDir, settings: { LOG_LEVEL: "warn" } }));
    // Nobody takes the jobs: what they would do is not what is measured.
    for (const service of ["launcher", "gateway", "streamer"] as const) await stack.stop(service);
    const bare = running.use(
      await startBareServer({ redisUrl: stack.redis.url, stream: `${stack.redis.prefix}:bare` }),
    );
    const { url, scene } = await sceneOf(stack);
    const { queue } = running.use(sessionQueueOf(stack, running));
    await deliver(bare.url, mentionDeliveries(WARM_UP, scene), { atOnce: AT_ONCE });
    await deliver(url, mentionDeliveries(WARM_UP, scene), { atOnce: AT_ONCE });

    const load = { before: loadNow(), after: 0 };
    const times = { bare: [] as number[], first: [] as number[], behind: [] as number[] };
    for (let round = 1; round <= rounds; round++) {
      signal.throwIfAborted();
      const deliveries = mentionDeliveries(DELIVERIES, scene);
      times.bare.push(await deliver(bare.url, deliveries, { atOnce: AT_ONCE }));
      await queue.drain();
      times.first.push(await deliver(url, deliveries, { atOnce: AT_ONCE }));
      await deliver(url, mentionDeliveries(WAITING - DELIVERIES, scene), { atOnce: AT_ONCE });
      times.behind.push(await deliver(url, mentionDeliveries(DELIVERIES, scene), { atOnce: AT_ONCE }));
      const told = Object.entries(times).map(([name, values]) => `${name} ${Math.round(values.at(-1) ?? 0)}`);
      report(`round ${round} of ${rounds}: ${told.join(", ")}`);
    }
    load.after = loadNow();
    return {
      unit: "ms",
      baseline: { name: "bare HTTP server and Redis", values: times.bare },
      measured: [
        { name: "mentions, nobody waiting", values: times.first },
        { name: `mentions, ${WAITING.toLocaleString("en")} waiting`, values: times.behind },
      ],
      breakdowns: [],
      load,
    };
  },
};

function sessionQueueOf(stack: Stack, parts: AsyncDisposableStack): SessionQueue {
  const connection = new Redis(stack.redis.url);
  parts.defer(() => connection.disconnect());
  return createSessionQueue({ connection, prefix: stack.redis.prefix });
}

async function sceneOf(stack: Stack): Promise<{ url: string; scene: MentionScene }> {
  const state = await createSandboxClient(stack.plan.sandboxUrl ?? "").state();
  const [channel] = state.channels;
  const ingress = stack.plan.services.find(({ name }) => name === "ingress")?.environment ?? {};
  if (channel === undefined) throw new Error("the sandbox's workspace has no channel");
  return {
    url: state.delivery.eventsUrl,
    scene: {
      team: state.team.id,
      channel: channel.id,
      bot: state.botUser.id,
      signingSecret: ingress.SLACK_SIGNING_SECRET ?? "",
    },
  };
}
