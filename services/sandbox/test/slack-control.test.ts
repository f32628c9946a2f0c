import { until } from "@peerbot/testing";
import { expect } from "chai";
import { SandboxState, StreamItem, Thread } from "../src/control/api.ts";
import { errorOf, openWorkbench, type Workbench } from "./slack-workbench.ts";

describe("sandbox control API", () => {
  let bench: Workbench;
  const followers: Follower[] = [];
  before(async () => {
    bench = await openWorkbench();
  });
  afterEach(() => {
    for (const follower of followers.splice(0)) follower.stop();
  });
  after(() => bench[Symbol.asyncDispose]());

  const follow = async (query = "", lastEventId?: string) => {
    const follower = await openStream(`${bench.url}/sandbox/stream${query}`, lastEventId);
    followers.push(follower);
    return follower;
  };

  it("answers in the shapes it promises", async () => {
    const state = SandboxState.parse(await bench.control("state"));
    expect(state.channels.map(({ name }) => name)).to.include.members(["general", "dev", "random", "partners", "ada"]);
    const root = await bench.say({ user: "ada", channel: "#dev", text: "see https://a.example/x?a=1&b=2." });
    const thread = Thread.parse(await bench.thread("dev", root.ts));
    expect(thread.messages[0]?.text).to.equal("see <https://a.example/x?a=1&amp;b=2>.");
  });

  it("makes of typed text what Slack's client makes of it", async () => {
    const wire = async (text: string) => {
      const { ts } = await bench.say({ user: "ada", channel: "dev", text });
      return (await bench.lastIn("dev", ts)).text;
    };
    expect(await wire("@here look, <!channel> $(rm -rf /)")).to.equal("<!here> look, &lt;!channel&gt; $(rm -rf /)");
    expect(await wire("mail ada@grace.example, @nobody")).to.equal("mail ada@grace.example, @nobody");
    expect(await wire("Thanks, @Peerbot!")).to.equal("Thanks, <@U0PEERBOT1>!");
    const long = await bench.say({ user: "ada", channel: "dev", text: "x".repeat(40_000) });
    expect((await bench.lastIn("dev", long.ts)).text).to.have.lengthOf(40_000);
  });

  const mistakes: [string, string, unknown, string][] = [
    ["a field it does not know", "messages", { user: "ada", channel: "dev", text: "x", thread: "1" }, "thread"],
    ["an unknown user", "messages", { user: "bob", channel: "dev", text: "x" }, "there is no user bob"],
    ["the bot as the user", "messages", { user: "peerbot", channel: "dev", text: "x" }, "is the app itself"],
    ["an unknown channel", "messages", { user: "ada", channel: "nowhere", text: "x" }, "there is no channel nowhere"],
    ["a channel the user is not in", "messages", { user: "alan", channel: "dev", text: "x" }, "alan is not a member"],
    ["an empty message", "messages", { user: "ada", channel: "dev", text: " " }, "says nothing"],
    ["a wrong timestamp", "messages", { user: "ada", channel: "dev", text: "x", threadTs: "12" }, "threadTs"],
    [
      "a thread that is not there",
      "messages",
      { user: "ada", channel: "dev", text: "x", threadTs: "1700000000.000001" },
      "there is no message",
    ],
    ["an unknown fault", "faults", { kind: "earthquake" }, "kind"],
    ["a body that is no JSON object", "reactions", [], "expected object"],
  ];
  for (const [what, path, body, reason] of mistakes) {
    it(`answers 400 to ${what}, saying so`, async () => {
      const failure = await errorOf(bench.control(path, body));
      expect(failure).to.contain("400").and.to.contain(reason);
    });
  }

  it("streams every change, and each reply with the new counts of its root", async () => {
    const stream = await follow("?channel=random");
    const root = await bench.say({ user: "ada", channel: "random", text: "live" });
    const place = { channel: "C0RANDOM01", thread_ts: root.ts };
    await bench.say({ user: "ada", channel: "dev", text: "elsewhere" });
    const { ts = "" } = await bench.client.chat.postMessage({ ...place, text: "one" });
    await bench.client.chat.update({ channel: "C0RANDOM01", ts, text: "two" });
    await bench.client.reactions.add({ channel: "C0RANDOM01", timestamp: ts, name: "eyes" });
    await bench.client.chat.postEphemeral({ ...place, user: "U0ADA00001", text: "psst" });
    await bench.client.assistant.threads.setStatus({ channel_id: "C0RANDOM01", thread_ts: root.ts, status: "thinks" });
    await bench.client.chat.delete({ channel: "C0RANDOM01", ts });
    const kinds = () => stream.items.map((item) => (item.type === "message" ? item.change : item.type));
    await until(() => kinds().includes("deleted"), { what: "the deletion" });
    const replied = ["posted", "updated"];
    await until(() => kinds().length === 9, { what: "nine items" });
    expect(kinds()).to.deep.equal([
      "posted",
      ...replied,
      "updated",
      "reaction",
      "ephemeral",
      "session",
      "deleted",
      "updated",
    ]);
    const counts = stream.items.flatMap((item) =>
      item.type === "message" && item.message.ts === root.ts ? [item.message.replyCount] : [],
    );
    expect(counts).to.deep.equal([0, 1, 0]);
  });

  it("goes on after the last item a client saw, and says when that is too long ago", async () => {
    const first = await follow();
    await bench.say({ user: "ada", channel: "dev", text: "seen" });
    await until(() => first.ids.length > 0, { what: "the first item" });
    first.stop();
    await bench.say({ user: "ada", channel: "dev", text: "missed" });
    const second = await follow("", first.ids.at(-1));
    const missed = await until(() => second.items[0], { what: "what was missed" });
    expect(missed).to.deep.include({ type: "message", change: "posted" });
    expect(JSON.stringify(missed)).to.contain("missed");
    const stale = await follow("", "another-run-7");
    expect(await until(() => stale.items[0], { what: "an item" })).to.deep.equal({ type: "reset" });
  });

  it("keeps a deleted root as a tombstone while it has replies", async () => {
    const root = await bench.say({ user: "ada", channel: "dev", text: "root" });
    await bench.say({ user: "grace", channel: "dev", text: "reply", threadTs: root.ts });
    await bench.control("deletions", { user: "ada", channel: "dev", ts: root.ts });
    const { messages } = await bench.thread("dev", root.ts);
    expect(messages.map(({ subtype, text }) => subtype ?? text)).to.deep.equal(["tombstone", "reply"]);
  });

  it("attaches a person's files and shows them to the page", async () => {
    const file = { name: "data.zip", contentBase64: Buffer.alloc(2_000_000, "PK").toString("base64") };
    const { ts } = await bench.say({ user: "ada", channel: "dev", text: "see this", files: [file] });
    const message = await bench.lastIn("dev", ts);
    expect(message).to.include({ subtype: "file_share", text: "see this" });
    const download = await fetch(`${bench.url}${message.files[0]?.pageUrl}`);
    expect((await download.arrayBuffer()).byteLength).to.equal(2_000_000);
    expect(download.headers.get("content-disposition")).to.equal("attachment");
  });

  it("leads a permalink to the thread on the page", async () => {
    const root = await bench.say({ user: "ada", channel: "dev", text: "root" });
    const reply = await bench.say({ user: "ada", channel: "dev", text: "reply", threadTs: root.ts });
    const { permalink = "" } = await bench.client.chat.getPermalink({ channel: "C0DEV00001", message_ts: reply.ts });
    const response = await fetch(permalink, { redirect: "manual" });
    expect(response.headers.get("location")).to.equal(`/#/C0DEV00001/${root.ts}`);
  });
});

interface Follower {
  items: StreamItem[];
  ids: string[];
  stop(): void;
}

async function openStream(url: string, lastEventId?: string): Promise<Follower> {
  const stopping = new AbortController();
  const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const response = await fetch(url, { headers, signal: stopping.signal });
  const follower: Follower = { items: [], ids: [], stop: () => stopping.abort() };
  const read = async () => {
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const id = /^id: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (id !== undefined) follower.ids.push(id);
        if (data !== undefined) follower.items.push(StreamItem.parse(JSON.parse(data)));
      }
    }
  };
  void read().catch(() => {}); // ends with the abort
  return follower;
}
