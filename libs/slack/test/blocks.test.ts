import { EndReason, Notice } from "@peerbot/contracts";
import { expect } from "chai";
import {
  type Closing,
  closingMessage,
  noticeText,
  openingMessage,
  partMetadata,
  progressMarkdown,
  readPartPayload,
  wordsOfEnd,
  wordsOfFailure,
} from "../src/index.ts";

const KEY = "c1-1700000000000100-abcdef";
const CLOSING: Closing = { outcome: "completed", user: "U1", sessionKey: KEY, epoch: 3, durationMs: 134_000 };

describe("the closing message", () => {
  it("says what happened, what to see and what it took, with a text for those who see no blocks", () => {
    const { text, blocks } = closingMessage({
      ...CLOSING,
      branch: "claude/x",
      commit: { sha: "0123456789abcdef", subject: "Add *health* `endpoint` <!here>" },
      changes: { files: 1, insertions: 5, deletions: 0 },
      repository: { owner: "o", name: "r", defaultBranch: "main", webUrl: "https://git.example/o/r" },
      pullRequest: { number: 9, url: "https://git.example/o/r/pull/9" },
      usage: { inputTokens: 1, outputTokens: 1, costUsd: 0.004, turns: 1, durationMs: 1 },
    });
    expect(text).to.equal(
      "<@U1> :white_check_mark: *Done.* Add *health* `endpoint` &lt;!here&gt;\n1 file changed, +5 −0 · <https://git.example/o/r|r> · commit `0123456` on `claude/x`",
    );
    expect(JSON.stringify(blocks.at(-1))).to.contain("Pull request #9 · 2 min 14 s · under $0.01");
    expect(blocks.map(({ type }) => type)).to.deep.equal(["section", "section", "actions", "context"]);
  });

  it("has a sentence and a next step for every way to end", () => {
    for (const reason of EndReason.options) {
      const { what, next } = wordsOfEnd(reason, { code: `worker-${reason}`, message: "x" });
      expect(what).to.match(/^[A-Z].*\.$/);
      expect(next).to.match(/^[A-Z].*\.$/);
      expect(`${what} ${next}`).not.to.match(/\b(?:pod|container|exit code|SIGKILL|OOM|kubectl|epoch|worker)\b/i);
    }
  });

  it("lets an unknown failure speak for itself, without letting it act", () => {
    const words = wordsOfFailure({
      code: "odd",
      message: "the <!channel> token ghp_012345678901234567890 broke",
      hint: "ask @here",
    });
    expect(words).to.deep.equal({ what: "The &lt;!channel&gt; token [redacted] broke.", next: "Ask @\u200bhere." });
  });

  it("finds words for a failure of any code, the names of JavaScript's own things among them", () => {
    for (const code of ["constructor", "toString", "__proto__"]) {
      expect(wordsOfFailure({ code, message: "it broke" }).what).to.equal("It broke.");
    }
  });

  it("takes a moment however long and odd the words of a commit or a failure are", () => {
    const before = processorTime();
    const subject = "eyJ-".repeat(250_000);
    const { text } = closingMessage({ ...CLOSING, commit: { sha: "0123456789abcdef", subject } });
    wordsOfFailure({ code: "odd", message: `${" ".repeat(500_000)}${subject}` });
    expect(processorTime() - before).to.be.lessThan(1_000);
    expect(text.length).to.be.lessThan(500);
  });

  it("offers what can be done next, and quotes a reference after a failure", () => {
    const idsAfter = (closing: Partial<Closing>) =>
      JSON.stringify(closingMessage({ ...CLOSING, ...closing }).blocks).match(/"action_id":"(\w+)"/g) ?? [];
    expect(idsAfter({ outcome: "failed" })).to.deep.equal(['"action_id":"retry"']);
    expect(idsAfter({ outcome: "stopped" })).to.deep.equal(['"action_id":"continue"']);
    expect(idsAfter({ outcome: "saved" })).to.deep.equal(['"action_id":"continue"']);
    expect(idsAfter({ outcome: "cancelled" })).to.deep.equal([]);
    expect(JSON.stringify(closingMessage({ ...CLOSING, outcome: "failed" }).blocks)).to.contain(`${KEY}/3`);
  });

  it("is never longer than Slack takes", () => {
    const long = "x".repeat(5_000);
    const { text, blocks } = closingMessage({
      ...CLOSING,
      outcome: "failed",
      failure: { code: "odd", message: long, hint: long },
      branch: long,
    });
    expect(text.length).to.be.lessThan(3_000);
    expect(JSON.stringify(blocks).length).to.be.lessThan(8_000);
  });
});

describe("the opening message", () => {
  it("says when a waiting request starts, on the reader's own clock", () => {
    const now = Date.UTC(2026, 10, 22, 14, 20);
    const waiting = { state: "waiting", until: now + 12 * 60_000, now } as const;
    const limit = { max: 5, windowSeconds: 900 };
    expect(openingMessage({ ...waiting, reason: "user-limit", position: 2, limit }, KEY).text).to.equal(
      `You have used your 5 runs of the last 15 minutes. This one starts at <!date^${(now + 12 * 60_000) / 1000}^{time}|14:32 UTC> (position 2).`,
    );
    expect(openingMessage({ state: "waiting", reason: "capacity", now }, KEY).text).to.equal(
      "Everything is busy right now. This one starts as soon as there is room.",
    );
  });

  it("cannot be made to act by the name of a repository or branch", () => {
    const repository = { owner: "o", name: "<!channel>", defaultBranch: "main", webUrl: "https://x.example/|<!here>" };
    const { text } = openingMessage({ state: "working", place: { repository, branch: "`<!channel>`" } }, KEY);
    expect(text).to.equal("Working in o/&lt;!channel&gt; on `'&lt;!channel&gt;'`");
  });
});

describe("other words for people", () => {
  it("exist for every reason not to take a message", () => {
    const texts = Notice.shape.reason.options.map((reason) => noticeText({ reason }));
    expect(new Set(texts).size).to.equal(texts.length);
  });

  it("name the option that was wrong, and what may be written instead", () => {
    const option = { written: "size=`<!here>", possible: ["size=small", "size=large"] };
    expect(noticeText({ reason: "option-unknown", option })).to.equal(
      "There is no `size='&lt;!here&gt;`, so I did not take that message. Please write it again with `size=small` or `size=large`, or without. If it is part of the task, put it between backticks.",
    );
    expect(noticeText({ reason: "option-not-allowed", option: { written: "docker=on", possible: [] } })).to.equal(
      "Whoever looks after Peerbot has switched `docker=on` off here, so I did not take that message. Please write it again without that.",
    );
  });

  it("say at once what a run has besides", () => {
    const options = { size: "large", docker: true } as const;
    expect(openingMessage({ state: "accepted", because: "said", options }, KEY).text).to.equal(
      "On it. Getting a workspace ready with `size=large` and `docker=on`…",
    );
    const place = { repository: undefined, branch: "b", options };
    expect(openingMessage({ state: "over", place }, KEY).text).to.equal(
      "Worked on `b` with `size=large` and `docker=on`",
    );
  });

  it("show the plan as Markdown where Slack takes no plan", () => {
    const rows = [
      { id: "1", title: "Read", status: "complete" },
      { id: "2", title: "Build", status: "error", details: "exit 1" },
    ] as const;
    expect(progressMarkdown({ title: "Working", rows, markdown: "Text." })).to.equal(
      "**Working**\n- ✓ Read\n- ✗ Build (exit 1)\n\nText.",
    );
  });

  it("carry what programs need to know, and read it back", () => {
    const payload = {
      session: KEY,
      epoch: 1,
      part: "closing",
      intent: "i",
      outcome: "failed" as const,
      branch: undefined,
    };
    const metadata = partMetadata(payload);
    expect(metadata.event_payload).to.deep.equal({
      session: KEY,
      epoch: 1,
      part: "closing",
      intent: "i",
      outcome: "failed",
    });
    expect(readPartPayload(metadata)).to.include({ intent: "i" });
    expect(readPartPayload({ event_type: "other", event_payload: {} })).to.equal(undefined);
  });
});

/** Processor time this process has used, in milliseconds: what else the machine does counts for nothing. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
