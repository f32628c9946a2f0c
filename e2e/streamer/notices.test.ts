import { Notice } from "@peerbot/contracts";
import { createNoticeQueue, type NoticeQueue } from "@peerbot/session-queue";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { Redis } from "ioredis";
import { openBench, type PlayedSession, type StreamerBench } from "./streamer-bench.ts";

describe("notices to people whose message was not taken", () => {
  let bench: StreamerBench;
  let connection: Redis;
  let notices: NoticeQueue;
  before(async () => {
    bench = await openBench();
    connection = new Redis(bench.redis.url, { maxRetriesPerRequest: null });
    notices = createNoticeQueue({ connection, prefix: bench.redis.prefix });
    await bench.startStreamer();
  });
  after(async () => {
    await notices[Symbol.asyncDispose]();
    connection.disconnect();
    await bench[Symbol.asyncDispose]();
  });

  const noticeFor = ({ thread }: PlayedSession, ts: string, reason: Notice["reason"]): Notice =>
    Notice.parse({ v: 1, id: `${thread.channel}:${ts}`, thread, user: "U0GRACE001", reason });

  it("are seen by that person only, in the thread, once", async () => {
    const session = await bench.mention();
    const reply = await session.reply("stop");
    const notice = noticeFor(session, reply.ts, "not-your-session");
    await notices.add(notice);
    await notices.add(notice);
    const told = await until(
      async () => (await session.seen()).messages.find(({ ephemeralTo }) => ephemeralTo !== null),
      {
        what: "the notice",
      },
    );
    expect(told.ephemeralTo).to.equal("U0GRACE001");
    expect(told.text).to.contain("Only the person who started this");
    expect((await bench.calls("chat.postEphemeral")).length).to.equal(1);
  });

  it("have words for every reason and are tried again when Slack is away", async () => {
    const session = await bench.mention();
    await bench.fault({ method: "chat.postEphemeral", kind: "500" });
    const before = (await bench.calls("chat.postEphemeral")).length;
    for (const reason of Notice.shape.reason.options) {
      const { ts } = await session.reply(reason);
      await notices.add(noticeFor(session, ts, reason));
    }
    const count = Notice.shape.reason.options.length;
    await until(async () => (await bench.calls("chat.postEphemeral")).length === before + count + 1, {
      what: "all notices",
    });
    const texts = (await session.seen()).messages.flatMap(({ ephemeralTo, text }) =>
      ephemeralTo === null ? [] : [text],
    );
    expect(new Set(texts).size).to.equal(count);
    for (const text of texts) expect(text.length).to.be.greaterThan(40);
  });

  it("are plain messages in a direct message, where only one person reads them", async () => {
    const session = await bench.mention("hello", { channel: "@peerbot" });
    await notices.add(noticeFor(session, session.thread.threadTs, "prompt-too-long"));
    const told = await until(
      async () => (await session.answers()).find(({ text }) => text.includes("too long for me")),
      {
        what: "the notice",
      },
    );
    expect(told.ephemeralTo).to.equal(null);
  });

  it("are found again in a direct message whose answer was lost", async () => {
    const session = await bench.mention("hello again", { channel: "@peerbot" });
    await until(async () => (await session.answers()).length > 0, { what: "the first sign" });
    await bench.fault({ method: "chat.postMessage", kind: "500-after-effect" });
    await notices.add(noticeFor(session, session.thread.threadTs, "nothing-to-stop"));
    const isTold = async () =>
      bench.redis.redis.get(`${bench.redis.prefix}:notice-told:${session.thread.channel}:${session.thread.threadTs}`);
    await until(async () => (await isTold()) === "told", { what: "the notice to be noted as told" });
    const told = (await session.answers()).filter(({ metadata }) => metadata?.event_type === "peerbot_notice");
    expect(told).to.have.length(1);
  });

  it("stand beside the first message of a thread, where Slack shows them", async () => {
    const session = await bench.mention();
    await notices.add(noticeFor(session, session.thread.threadTs, "empty-mention"));
    const call = await until(
      async () =>
        (await bench.calls("chat.postEphemeral")).find(
          ({ args }) => String(args.text).includes("What should I do?") && args.thread_ts === undefined,
        ),
      { what: "the notice" },
    );
    expect(call.response.ok).to.equal(true);
  });
});
