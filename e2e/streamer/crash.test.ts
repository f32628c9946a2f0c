import { expect } from "chai";
import type { ThreadPorts } from "../../services/streamer/src/thread/thread-ports.ts";
import { ownThread, portsFor } from "./own-thread.ts";
import { openBench, type PlayedSession, type StreamerBench } from "./streamer-bench.ts";
import { contentOf, type ThreadContent } from "./thread-content.ts";

/** The process is gone: nothing after this point happened. */
class Killed extends Error {}

/** What happens in the session, in pieces; after each the thread is shown before the next comes. */
const STORY: ((session: PlayedSession) => Promise<void>)[] = [
  async () => {},
  async (session) => {
    await session.begin();
    await session.report(
      { type: "phase", phase: "cloning" },
      { type: "phase", phase: "working" },
      { type: "step", id: "a", title: "Read the code", status: "in_progress" },
      { type: "text", text: "First I read the code. " },
    );
  },
  async (session) => {
    const reply = await session.reply("with a test");
    await session.report({ type: "messages-taken", ids: [reply.id] });
    await session.report(
      { type: "step", id: "a", title: "Read the code", status: "complete" },
      { type: "text", text: "Now the change:\n```ts\nconst answer = 42;\n" },
    );
  },
  async (session) => {
    await session.report({ type: "text", text: "```\nThat is all.\n" }, { type: "phase", phase: "pushing" });
    await session.finish({
      commit: { sha: "1a2b3c4d", subject: "Answer" },
      pullRequest: { number: 1, url: "https://x.example/1" },
    });
  },
];

describe("a streamer that is killed and started again", function () {
  this.timeout(60_000);
  let bench: StreamerBench;
  before(async () => {
    bench = await openBench();
  });
  after(() => bench[Symbol.asyncDispose]());

  it("leaves the same thread wherever it was killed", async () => {
    const whole = await tell(Number.POSITIVE_INFINITY);
    expect(whole.wasKilled).to.equal(false);
    expect(whole.content.messages.map(({ part }) => part)).to.deep.equal(["opening", "progress", "closing"]);
    expect(whole.content.messages[1]).to.deep.include({
      text: "First I read the code. Now the change:\n```ts\nconst answer = 42;\n```\nThat is all.\n",
      rows: ["complete Workspace ready", "complete Read the code", "complete Branch pushed"],
      title: "Done",
      isStreaming: false,
    });
    let point = 1;
    for (let wasKilled = true; wasKilled; point += 1) {
      const told = await tell(point);
      wasKilled = told.wasKilled;
      expect(told.content, `killed at point ${point} (${told.killedAt})`).to.deep.equal(whole.content);
    }
    // Before and after each call and each save of a whole round.
    expect(point).to.be.greaterThan(60);
  });

  /** Plays the story, kills at the given point, goes on with a new process. */
  async function tell(point: number): Promise<{ content: ThreadContent; wasKilled: boolean; killedAt: string }> {
    const session = await bench.mention();
    const grave = { left: point, killedAt: "" };
    let owner = ownThread(bench, session.key, withDeath(portsFor(bench), grave));
    for (const chapter of STORY) {
      await chapter(session);
      const isLast = chapter === STORY.at(-1);
      try {
        await (isLast ? owner.done() : owner.shown());
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        owner = ownThread(bench, session.key, portsFor(bench));
        await (isLast ? owner.done() : owner.shown());
      }
    }
    await owner.stop();
    return { content: contentOf(await session.seen()), wasKilled: grave.killedAt !== "", killedAt: grave.killedAt };
  }
});

/** Dies before or after the n-th call of Slack or write to Redis. */
function withDeath(ports: ThreadPorts, grave: { left: number; killedAt: string }): ThreadPorts {
  const boundary = (name: string) => {
    grave.left -= 1;
    if (grave.left > 0 || grave.killedAt !== "") return;
    grave.killedAt = name;
    throw new Killed(name);
  };
  return {
    ...ports,
    slack: {
      async call(method, args) {
        boundary(`before ${method}`);
        const answer = await ports.slack.call(method, args);
        boundary(`after ${method}`);
        return answer;
      },
    },
    store: {
      load: ports.store.load,
      async save(...args) {
        boundary("before save");
        await ports.store.save(...args);
        boundary("after save");
      },
    },
  };
}
