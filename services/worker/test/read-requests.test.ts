import { InboxEntry } from "@peerbot/contracts";
import { expect } from "chai";
import { lastRetry, readRequests, requestsBefore } from "../src/read-requests.ts";

describe("what a batch of inbox entries asks for", () => {
  const nothingGiven = { given: new Set<string>(), unfinished: [] };

  it("is every message, oldest first", () => {
    const { list } = readRequests([entry(1, { text: "one" }), entry(2, { text: "two" })], nothingGiven);
    expect(list.map(({ text, ids }) => [text, ids])).to.deep.equal([
      ["one", ["C1:1"]],
      ["two", ["C1:2"]],
    ]);
  });

  it("takes an edit for the message while the agent has not been given it", () => {
    const entries = [entry(1, { text: "wrong" }), entry(2, { kind: "edited", edits: "C1:1", text: "right" })];
    expect(readRequests(entries, nothingGiven).list).to.deep.equal([
      { text: "right", words: "right", ids: ["C1:1", "C1:2"] },
    ]);
  });

  it("takes the latest edit, in whatever order they come", () => {
    const edited = (number: number, editedTs: string, text: string) =>
      entry(number, { kind: "edited", edits: "C1:1", editedTs, text });
    const entries = [entry(1, { text: "wrong" }), edited(2, "9.000200", "right"), edited(3, "9.000100", "better")];
    const { list } = readRequests(entries, nothingGiven);
    expect(list.map(({ text, ids }) => [text, ids])).to.deep.equal([["right", ["C1:1", "C1:2", "C1:3"]]]);
  });

  it("makes an edit of a given message a correction", () => {
    const { list } = readRequests([entry(2, { kind: "edited", edits: "C1:1", text: "right" })], {
      ...nothingGiven,
      given: new Set(["C1:1"]),
    });
    expect(list[0]?.text).to.equal("I corrected an earlier message. It now reads:\n\nright");
  });

  it("withdraws what stands before a Stop", () => {
    const entries = [entry(1, { text: "one" }), entry(2, { kind: "stop" }), entry(3, { text: "three" })];
    const { list, isStopped, withdrawn } = readRequests(entries, nothingGiven);
    expect({ texts: list.map(({ text }) => text), isStopped, withdrawn }).to.deep.equal({
      texts: ["three"],
      isStopped: true,
      withdrawn: ["C1:1", "C1:2"],
    });
  });

  it("gives no message twice", () => {
    const context = { ...nothingGiven, given: new Set(["C1:1"]) };
    expect(readRequests([entry(1, { text: "one" })], context).list).to.deep.equal([]);
  });

  it("says again, for “Try again”, what was asked, as it was corrected", () => {
    const entries = [
      entry(1, { text: "wrong" }),
      entry(2, { kind: "edited", edits: "C1:1", text: "right" }),
      entry(3, { kind: "retry" }),
    ];
    const unfinished = requestsBefore(entries, "1-3");
    const retry = entries.slice(2);
    expect(readRequests(retry, { ...nothingGiven, unfinished }).list).to.deep.equal([
      { text: "Try again.\n\nright", words: "right", ids: ["C1:1", "C1:2", "C1:3"] },
    ]);
  });

  it("says again, when that failed once more, also what was said meanwhile", () => {
    const entries = [
      entry(1, { text: "one" }),
      entry(2, { kind: "retry" }),
      entry(3, { text: "two" }),
      entry(4, { kind: "retry" }),
    ];
    const unfinished = requestsBefore(entries, lastRetry(entries)?.inboxId ?? "");
    const { list } = readRequests(entries, { ...nothingGiven, unfinished });
    expect(list.map(({ text }) => text)).to.deep.equal(["Try again.\n\none\n\ntwo"]);
  });
});

function entry(number: number, message: Record<string, unknown>): InboxEntry {
  const common = { v: 1, id: `C1:${number}`, user: "U1", ts: String(number), receivedAt: 1, kind: "said" };
  return InboxEntry.parse({ inboxId: `1-${number}`, message: { ...common, ...message } });
}
