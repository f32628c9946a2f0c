import { until } from "@peerbot/testing";
import { expect } from "chai";
import { APP_TOKEN, errorOf, openWorkbench, type Workbench } from "./slack-workbench.ts";

const GENERAL = "C0GENERAL1";

describe("Slack stand-in: Web API", () => {
  let bench: Workbench;
  before(async () => {
    bench = await openWorkbench();
  });
  after(() => bench[Symbol.asyncDispose]());

  it("tells a missing, a wrong and an unsuitable token apart", async () => {
    expect(await errorOf(bench.clientWith(undefined).auth.test())).to.equal("not_authed");
    expect(await errorOf(bench.clientWith("xoxb-other").auth.test())).to.equal("invalid_auth");
    expect(await errorOf(bench.client.apps.connections.open({}))).to.equal("not_allowed_token_type");
    expect(await errorOf(bench.clientWith(APP_TOKEN).auth.test())).to.equal("not_allowed_token_type");
    expect(await bench.client.auth.test()).to.include({ user_id: "U0PEERBOT1", bot_id: "B0PEERBOT1" });
  });

  it("answers unknown methods, channels, threads and memberships with Slack's codes", async () => {
    const { client } = bench;
    expect(await errorOf(client.apiCall("chat.shout"))).to.equal("unknown_method");
    expect(await errorOf(client.chat.postMessage({ channel: "C0NOWHERE1", text: "hi" }))).to.equal("channel_not_found");
    expect(await errorOf(client.chat.postMessage({ channel: "C0PRIVATE1", text: "hi" }))).to.equal("not_in_channel");
    const lost = client.chat.postMessage({ channel: GENERAL, text: "hi", thread_ts: "1700000000.000001" });
    expect(await errorOf(lost)).to.equal("thread_not_found");
    const unread = client.conversations.replies({ channel: GENERAL, ts: "1700000000.000001" });
    expect(await errorOf(unread)).to.equal("thread_not_found");
  });

  it("takes JSON bodies as well as forms", async () => {
    const response = await fetch(`${bench.url}/slack/api/chat.postMessage`, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8", authorization: "Bearer xoxb-test" },
      body: JSON.stringify({ channel: GENERAL, blocks: [{ type: "divider" }], text: "line" }),
    });
    expect(await response.json()).to.deep.include({ ok: true, channel: GENERAL });
  });

  it("says when it cannot read a body", async () => {
    const post = async (type: string, body: string) => {
      const headers = { "content-type": type, authorization: "Bearer xoxb-test" };
      const response = await fetch(`${bench.url}/slack/api/auth.test`, { method: "POST", headers, body });
      return [response.status, await response.json()];
    };
    expect(await post("application/json", "{oops")).to.deep.equal([200, { ok: false, error: "invalid_json" }]);
    expect(await post("application/xml", "<a/>")).to.deep.equal([200, { ok: false, error: "invalid_post_type" }]);
  });

  it("posts, updates and deletes in a thread, and reads it back with metadata page by page", async () => {
    const { client } = bench;
    const root = await bench.say({ user: "ada", channel: "general", text: "a thread" });
    const metadata = { event_type: "peerbot_notice", event_payload: { seq: 7 } };
    const place = { channel: GENERAL, thread_ts: root.ts };
    const first = await client.chat.postMessage({ ...place, text: "one", metadata });
    await client.chat.postMessage({ ...place, markdown_text: "**two**" });
    const third = await client.chat.postMessage({ ...place, text: "three" });
    await client.chat.update({ channel: GENERAL, ts: first.ts ?? "", text: "one, better" });
    await client.chat.delete({ channel: GENERAL, ts: third.ts ?? "" });

    const pages: string[][] = [];
    let cursor: string | undefined = "";
    while (cursor !== undefined) {
      const page = await client.conversations.replies({
        channel: GENERAL,
        ts: root.ts,
        limit: 2,
        include_all_metadata: true,
        ...(cursor === "" ? {} : { cursor }),
      });
      pages.push((page.messages ?? []).map(({ text = "" }) => text));
      cursor = page.response_metadata?.next_cursor;
    }
    expect(pages).to.deep.equal([["a thread", "one, better"], ["**two**"]]);
    const read = await client.conversations.replies({
      channel: GENERAL,
      ts: root.ts,
      limit: 3,
      include_all_metadata: true,
    });
    expect(read.has_more).to.equal(false);
    expect(read.messages?.[0]).to.include({ reply_count: 2, thread_ts: root.ts });
    expect(read.messages?.[1]).to.deep.include({ metadata, parent_user_id: "U0ADA00001", bot_id: "B0PEERBOT1" });
  });

  it("changes nothing that others wrote", async () => {
    const { ts } = await bench.say({ user: "ada", channel: "general", text: "mine" });
    expect(await errorOf(bench.client.chat.update({ channel: GENERAL, ts, text: "yours" }))).to.equal(
      "cant_update_message",
    );
    expect(await errorOf(bench.client.chat.delete({ channel: GENERAL, ts }))).to.equal("cant_delete_message");
  });

  it("splits a text above 4,000 characters into several messages and answers with one ts", async () => {
    const root = await bench.say({ user: "ada", channel: "general", text: "long" });
    const text = `${"x".repeat(3_990)}\n${"y".repeat(3_000)}`;
    const posted = await bench.client.chat.postMessage({ channel: GENERAL, thread_ts: root.ts, text });
    const { messages } = await bench.thread("general", root.ts);
    expect(messages.slice(1).map((message) => message.text.length)).to.deep.equal([3_990, 3_000]);
    expect(messages[1]?.ts).to.equal(posted.ts);
  });

  it("refuses what is empty or too long", async () => {
    const post = (content: object) =>
      errorOf(bench.client.apiCall("chat.postMessage", { channel: GENERAL, ...content }));
    expect(await post({})).to.equal("no_text");
    expect(await post({ text: "x".repeat(40_001) })).to.equal("msg_too_long");
    expect(await post({ markdown_text: "x".repeat(12_001) })).to.equal("msg_too_long");
    expect(await post({ markdown_text: "a", text: "b" })).to.equal("markdown_text_conflict");
    const section = { type: "section", text: { type: "mrkdwn", text: "x".repeat(2_900) } };
    expect(await post({ text: "x", blocks: Array.from({ length: 5 }, () => section) })).to.equal("msg_blocks_too_long");
    const markdown = { type: "markdown", text: "x".repeat(6_001) };
    expect(await post({ text: "x", blocks: [markdown, markdown] })).to.equal("msg_blocks_too_long");
  });

  const button = (more: object = {}) => ({
    type: "button",
    action_id: "stop",
    text: { type: "plain_text", text: "Stop" },
    ...more,
  });
  const text = (value: string, type = "plain_text") => ({ type, text: value });
  const refusals: [string, unknown[], string][] = [
    ["a 51st block", Array.from({ length: 51 }, () => ({ type: "divider" })), "no more than 50 items"],
    ["a section of 3,001 characters", [{ type: "section", text: text("x".repeat(3001)) }], "/blocks/0/text/text"],
    ["a section without text", [{ type: "section" }], "must define either `text` or `fields`"],
    ["a header of 151 characters", [{ type: "header", text: text("x".repeat(151)) }], "less than 151"],
    ["a header in mrkdwn", [{ type: "header", text: text("x", "mrkdwn") }], "unsupported type: mrkdwn"],
    ["an unknown block", [{ type: "marquee" }], "unsupported type: marquee"],
    ["a button text of 76 characters", [actions(button({ text: text("x".repeat(76)) }))], "less than 76"],
    ["a button value of 2,001 characters", [actions(button({ value: "x".repeat(2001) }))], "less than 2001"],
    ["a button without text", [actions(button({ text: undefined }))], "missing required field"],
    [
      "26 buttons in a row",
      [actions(...Array.from({ length: 26 }, (_, n) => button({ action_id: `a${n}` })))],
      "no more than 25",
    ],
    ["an action id twice in a block", [actions(button(), button())], '`action_id` "stop" already exists'],
    [
      "a block id twice",
      [
        { type: "divider", block_id: "a" },
        { type: "divider", block_id: "a" },
      ],
      "`block_id`",
    ],
    ["an image without alt text", [{ type: "image", image_url: "https://a.example/b.png" }], "alt_text"],
  ];
  for (const [what, blocks, reason] of refusals) {
    it(`refuses ${what}`, async () => {
      const response = await fetch(`${bench.url}/slack/api/chat.postMessage`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: "Bearer xoxb-test" },
        body: JSON.stringify({ channel: GENERAL, text: "fallback", blocks }),
      });
      const answer = JSON.stringify(await response.json());
      expect(answer).to.contain('"error":"invalid_blocks"').and.to.contain(JSON.stringify(reason).slice(1, -1));
    });
  }

  it("accepts the blocks an agent uses", async () => {
    const blocks = [
      { type: "header", text: text("Done") },
      { type: "section", text: text("*done*", "mrkdwn"), accessory: button({ action_id: "more" }) },
      actions(button({ style: "danger", value: "{}" }), button({ action_id: "open", url: "https://a.example" })),
      { type: "context", elements: [text("1 min", "mrkdwn")] },
      { type: "markdown", text: "# all of it" },
      { type: "alert", level: "error", text: text("broken") },
      { type: "context_actions", elements: [{ type: "feedback_buttons", action_id: "rate", ...feedback() }] },
      { type: "card", title: text("PR", "mrkdwn"), actions: [button({ action_id: "pr" })] },
    ];
    expect(await bench.client.apiCall("chat.postMessage", { channel: GENERAL, text: "done", blocks })).to.include({
      ok: true,
    });
  });

  it("counts each reaction once", async () => {
    const { ts } = await bench.say({ user: "ada", channel: "general", text: "look" });
    const reaction = { channel: GENERAL, timestamp: ts, name: "eyes" };
    await bench.client.reactions.add(reaction);
    expect(await errorOf(bench.client.reactions.add(reaction))).to.equal("already_reacted");
    await bench.client.reactions.remove(reaction);
    expect(await errorOf(bench.client.reactions.remove(reaction))).to.equal("no_reaction");
  });

  it("knows people, also two of one name and one of another team", async () => {
    const { members = [] } = await bench.client.users.list({});
    const namesakes = members.filter(({ profile }) => profile?.real_name === "Ada Lovelace");
    expect(namesakes.map(({ id }) => id)).to.deep.equal(["U0ADA00001", "U0ADA00002"]);
    const { user } = await bench.client.users.info({ user: "U0ALAN0001" });
    expect(user).to.include({ team_id: "T0PARTNER1", is_stranger: true });
    expect(user?.profile).not.to.have.property("email");
    expect(await errorOf(bench.client.users.info({ user: "U0NOBODY01" }))).to.equal("user_not_found");
  });

  it("opens direct messages, lists members and joins channels", async () => {
    const { client } = bench;
    expect((await client.conversations.open({ users: "U0ADA00001" })).channel?.id).to.equal("D0ADA00001");
    expect((await client.conversations.members({ channel: "C0PARTNER1" })).members).to.include("U0ALAN0001");
    expect((await client.conversations.join({ channel: "C0PRIVATE1" })).channel?.id).to.equal("C0PRIVATE1");
    await client.chat.postMessage({ channel: "C0PRIVATE1", text: "hello" });
    const { messages = [] } = await client.conversations.history({ channel: "C0PRIVATE1", limit: 2 });
    expect(messages.map(({ subtype = "", text = "" }) => subtype || text)).to.deep.equal(["hello", "channel_join"]);
  });

  it("shows an ephemeral message to one person and keeps it out of the thread's replies", async () => {
    const root = await bench.say({ user: "ada", channel: "general", text: "secret?" });
    const place = { channel: GENERAL, thread_ts: root.ts };
    await bench.client.chat.postEphemeral({ ...place, user: "U0ADA00001", text: "only you" });
    expect(await bench.lastIn("general", root.ts)).to.include({ text: "only you", ephemeralTo: "U0ADA00001" });
    const { messages } = await bench.client.conversations.replies({ channel: GENERAL, ts: root.ts });
    expect(messages).to.have.lengthOf(1);
    const stranger = bench.client.chat.postEphemeral({ ...place, user: "U0ALAN0001", text: "no" });
    expect(await errorOf(stranger)).to.equal("user_not_in_channel");
  });

  for (const [kind, content] of [
    ["text", "line one\nline two & more"],
    ["bytes", Buffer.from([0, 1, 2, 255])],
  ] as const) {
    it(`takes an uploaded file of ${kind} into a thread and gives it back for the token`, async () => {
      const root = await bench.say({ user: "ada", channel: "general", text: "file please" });
      const source = typeof content === "string" ? { content } : { file: content };
      await bench.client.filesUploadV2({
        ...source,
        channel_id: GENERAL,
        thread_ts: root.ts,
        filename: "changes.diff",
        title: "Changes",
        initial_comment: "the diff",
      });
      const message = await bench.lastIn("general", root.ts);
      const [file] = message.files;
      expect(message.text).to.equal("the diff");
      expect(file).to.include({ name: "changes.diff", title: "Changes", size: Buffer.from(content).length });
      const download = await fetch(file?.url_private ?? "", { headers: { authorization: "Bearer xoxb-test" } });
      expect(Buffer.from(await download.arrayBuffer())).to.deep.equal(Buffer.from(content));
      const withoutToken = await fetch(file?.url_private ?? "");
      expect(withoutToken.headers.get("content-type")).to.contain("text/html");
    });
  }

  it("shows what an agent says about its session, and takes the status line away when the app posts", async () => {
    const root = await bench.say({ user: "ada", channel: "general", text: "work" });
    const place = { channel_id: GENERAL, thread_ts: root.ts };
    const status = { ...place, status: "processing", title: "Add a file", initiator_user_id: "U0ADA00001" };
    await bench.client.agents.sessions.setStatus(status);
    await bench.client.agents.sessions.setStatus({ ...place, status: "processing", title: "ignored" });
    await bench.client.assistant.threads.setStatus({ ...place, status: "is cloning…", loading_messages: ["cloning…"] });
    const shown = (await bench.thread("general", root.ts)).session;
    const fields = { status: "processing", title: "Add a file", initiator: "U0ADA00001", canStop: true };
    expect(shown).to.deep.include({ ...fields, statusText: "is cloning…", loadingMessages: ["cloning…"] });
    await bench.client.agents.sessions.rename({ ...place, title: "Add two files" });
    await bench.client.chat.postMessage({ channel: GENERAL, thread_ts: root.ts, text: "hello" });
    const later = (await bench.thread("general", root.ts)).session;
    expect(later).to.include({ title: "Add two files", statusText: "", status: "processing" });
  });

  it("keeps threads over a restart", async () => {
    const { temporaryFolder } = await import("@peerbot/testing");
    await using folder = await temporaryFolder();
    let ts = "";
    {
      await using first = await openWorkbench({ dataDir: folder.path });
      ts = (await first.say({ user: "ada", channel: "dev", text: "remember me" })).ts;
      await first.client.chat.postMessage({ channel: "C0DEV00001", thread_ts: ts, text: "always" });
    }
    await using second = await openWorkbench({ dataDir: folder.path });
    const { messages } = await second.thread("dev", ts);
    expect(messages.map((message) => message.text)).to.deep.equal(["remember me", "always"]);
    await until(async () => (await second.client.chat.getPermalink({ channel: "C0DEV00001", message_ts: ts })).ok, {
      what: "a permalink to the old thread",
    });
  });
});

function actions(...elements: object[]) {
  return { type: "actions", elements };
}

function feedback() {
  const choice = (value: string) => ({ text: { type: "plain_text", text: value }, value });
  return { positive_button: choice("good"), negative_button: choice("bad") };
}
