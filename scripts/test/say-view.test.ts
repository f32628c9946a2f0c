import type { ThreadMessage } from "@peerbot/sandbox/control";
import { expect } from "chai";
import { parseArguments } from "../say/parse-arguments.ts";
import { plainText, renderThread } from "../say/render-thread.ts";
import { createPlainScreen, createTerminalScreen } from "../say/screen.ts";
import { readServerSentEvents } from "../say/server-sent-events.ts";
import { applyItem, closingsOf, refusalIn, type ThreadView } from "../say/thread-view.ts";

function message(ts: string, more: Partial<ThreadMessage> = {}): ThreadMessage {
  return {
    ...{ channel: "C1", ts, threadTs: null, user: "U1", userName: "ada", isBot: false, team: "T1", subtype: null },
    ...{ text: "hello", blocks: [], attachments: [], markdown: null, stream: null, metadata: null, reactions: [] },
    ...{ files: [], editedAt: null, ephemeralTo: null, replyCount: 0, replyUsers: [], latestReply: null },
    ...more,
  };
}

function streamed(ts: string, text: string, status: "in_progress" | "complete"): ThreadMessage {
  return message(ts, {
    ...{ isBot: true, userName: "peerbot", text },
    stream: {
      ...{ state: status === "complete" ? "completed" : "in_progress", displayMode: "plan", planTitle: "Working" },
      ...{ parts: [], startedAt: 0, tasks: [{ id: "1", title: "Clone the repository", status }] },
    },
  });
}

const names = new Map([["U1", "ada"]]);
const empty: ThreadView = { messages: [], session: null };
const posted = (item: ThreadMessage) => ({ type: "message", change: "posted", message: item }) as const;

describe("the view of a thread", () => {
  it("replaces a message by its newer state and keeps the order of time", () => {
    const view = [message("2.0"), message("1.0"), message("2.0", { text: "edited" })]
      .map(posted)
      .reduce(applyItem, empty);
    expect(view.messages.map(({ ts, text }) => [ts, text])).to.deep.equal([
      ["1.0", "hello"],
      ["2.0", "edited"],
    ]);
  });

  it("forgets a deleted message", () => {
    const view = applyItem(
      { messages: [message("1.0")], session: null },
      {
        ...{ type: "deleted", channel: "C1", ts: "1.0", threadTs: null },
      },
    );
    expect(view.messages).to.deep.equal([]);
  });

  it("finds the closing message of a run by its metadata", () => {
    const event_payload = { part: "closing", session: "s", outcome: "completed", branch: "b", commit: "abc" };
    const pull = { pull_request_url: "http://x/pull/1", pull_request_number: 1 };
    const view: ThreadView = {
      session: null,
      messages: [
        message("1.0", { metadata: { event_type: "peerbot_part", event_payload: { part: "status", session: "s" } } }),
        message("2.0", { metadata: { event_type: "peerbot_part", event_payload: { ...event_payload, ...pull } } }),
      ],
    };
    expect(closingsOf(view)).to.deep.equal([
      {
        ...{ ts: "2.0", outcome: "completed", branch: "b", commit: "abc" },
        pullRequest: { number: 1, url: "http://x/pull/1" },
      },
    ]);
  });

  it("takes it for a refusal when all the bot says is meant for its reader alone", () => {
    const told = message("2.0", { isBot: true, ephemeralTo: "U1", text: "You may not." });
    expect(refusalIn({ messages: [message("1.0"), told], session: null }, "1.0")).to.equal("You may not.");
    const public_ = message("3.0", { isBot: true });
    expect(refusalIn({ messages: [message("1.0"), told, public_], session: null }, "1.0")).to.equal(undefined);
  });
});

describe("a thread on the terminal", () => {
  it("shows rows of the plan, words without Slack's markup, and wraps long lines", () => {
    const view: ThreadView = { messages: [streamed("1.0", `done ${"word ".repeat(12)}`, "complete")], session: null };
    expect(renderThread(view, "1.0", { isColored: false, columns: 42, names })).to.deep.equal([
      ...["peerbot", "  Working", "  ● Clone the repository"],
      ...["  done word word word word word word word", "  word word word word word"],
    ]);
    expect(plainText({ text: "<@U1> <@U2> <https://x.y/z|the PR> &lt;b&gt; <https://x.y>" }, names)).to.equal(
      "@ada @U2 the PR (https://x.y/z) <b> https://x.y",
    );
  });

  it("is redrawn in place, whatever changes", () => {
    const terminal = createFakeTerminal();
    const screen = createTerminalScreen(terminal, { fromTs: "1.0", names });
    for (const status of ["in_progress", "complete"] as const) {
      screen.show({ messages: [message("1.0"), streamed("2.0", status, status)], session: null });
    }
    const bare = terminal.lines().map((line) => line.replaceAll(/␛\[\d+m/g, ""));
    expect(bare).to.deep.equal([
      ...["ada", "  hello", "peerbot", "  Working", "  ● Clone the repository", "  complete"],
    ]);
  });

  it("prints each thing once for a log", () => {
    let printed = "";
    const screen = createPlainScreen({ write: (text) => (printed += text) }, { fromTs: "1.0", names });
    for (const status of ["in_progress", "complete", "complete"] as const) {
      screen.show({ messages: [streamed("2.0", "All done.", status)], session: null });
    }
    expect(printed).to.equal("  ● Clone the repository\npeerbot\n  All done.\n");
  });
});

const ESCAPE = "\u001b";

/** Understands what the screen uses: newline, cursor up, clear to the end. */
function createFakeTerminal() {
  let rows: string[] = [""];
  let row = 0;
  return {
    ...{ columns: 80, rows: 24, isTTY: true },
    write(text: string): boolean {
      for (const [part] of text.replaceAll(ESCAPE, "␛").matchAll(/␛\[\d+A|␛\[0J|\n|[^\n␛]+|␛\[\d+m/g)) {
        const up = /^␛\[(\d+)A$/.exec(part)?.[1];
        if (up !== undefined) row -= Number(up);
        else if (part === "␛[0J") rows = [...rows.slice(0, row), ""];
        else if (part === "\n") row += 1;
        else rows[row] = (rows[row] ?? "") + part;
      }
      return true;
    },
    lines: () => rows.filter((line) => line !== ""),
  };
}

describe("server-sent events", () => {
  it("are read across chunks, without comments", async () => {
    const chunks = [": hi\n\nid: 1\nda", 'ta: {"a":\n', "data: 1}\r\n\r\n", "data: ü\n\n"].map((text) =>
      Buffer.from(text),
    );
    const [head = Buffer.of(), ...rest] = chunks;
    async function* body() {
      yield head;
      yield* rest;
    }
    const read: string[] = [];
    for await (const data of readServerSentEvents(body())) read.push(data);
    expect(read).to.deep.equal(['{"a":\n1}', "ü"]);
  });
});

describe("the arguments of say", () => {
  it("have sensible defaults", () => {
    expect(parseArguments(["@peerbot", "hi"])).to.deep.equal({
      ...{ text: "@peerbot hi", user: "ada", channel: "dev", isJson: false, timeoutSeconds: 600 },
    });
  });

  const wrong: [string, string[], string][] = [
    ["nothing to say", [], "Say what to say"],
    ["a thread that is none", ["--thread", "yesterday", "hi"], "--thread must be the ts"],
    ["a timeout that is no number", ["--timeout", "soon", "hi"], "--timeout must be a number"],
    ["an unknown option", ["--loud", "hi"], "--loud"],
  ];
  for (const [name, parameters, reason] of wrong) {
    it(`are refused with a reason: ${name}`, () => {
      expect(() => parseArguments(parameters)).to.throw(reason);
    });
  }
});
