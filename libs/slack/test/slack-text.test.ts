import { expect } from "chai";
import { escapeMrkdwn, plainTextOf } from "../src/index.ts";

const plain = (text: string) => plainTextOf(text, { botUserId: "U0BOT" });

describe("the plain text of what a person typed", () => {
  it("leaves the bot's own mention out, with the punctuation after it", () => {
    expect(plain("<@U0BOT> add a health endpoint")).to.equal("add a health endpoint");
    expect(plain("<@U0BOT>, please: add it")).to.equal("please: add it");
    expect(plain(" <@U0BOT|peerbot>: add it")).to.equal("add it");
    expect(plain("hey <@U0BOT> add it")).to.equal("hey add it");
    expect(plain("<@U0BOT>")).to.equal("");
  });

  it("writes names of people, channels and groups out", () => {
    expect(plain("ask <@U1|ada> or <@U2> in <#C1|dev> or <#C2>")).to.equal("ask @ada or @U2 in #dev or #C2");
    expect(plain("<!subteam^S1|@platform> <!here> <!channel|@channel>")).to.equal("@platform @here @channel");
    expect(plain("at <!date^1700000000^{time}|14:32>")).to.equal("at 14:32");
  });

  it("keeps an address once, and the label where it says more", () => {
    expect(plain("see <https://example.com/a?b=1&amp;c=2>")).to.equal("see https://example.com/a?b=1&c=2");
    expect(plain("see <http://example.com|example.com>")).to.equal("see example.com");
    expect(plain("see <https://example.com|the docs>")).to.equal("see the docs (https://example.com)");
    expect(plain("to <mailto:ada@example.com|ada@example.com>")).to.equal("to ada@example.com");
  });

  it("decodes what Slack escaped, once and last", () => {
    expect(plain("if a &lt; b &amp;&amp; c &gt; d")).to.equal("if a < b && c > d");
    expect(plain("write &amp;lt;b&amp;gt; and &lt;@U0BOT&gt;")).to.equal("write &lt;b&gt; and <@U0BOT>");
  });

  it("keeps lines and indentation as they were", () => {
    expect(plain("<@U0BOT>\n```\n  if x:\n    y()\n```")).to.equal("```\n  if x:\n    y()\n```");
  });
});

describe("escaping for our own templates", () => {
  it("leaves Slack nothing to interpret", () => {
    expect(escapeMrkdwn("<!channel> & <@U1>")).to.equal("&lt;!channel&gt; &amp; &lt;@U1&gt;");
  });
});
