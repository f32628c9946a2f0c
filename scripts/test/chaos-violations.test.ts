import { expect } from "chai";
import { findViolations } from "../chaos/find-violations.ts";
import type { Observation, ObservedThread } from "../chaos/observation.ts";
import { markerOf, WORDS } from "../chaos/request-text.ts";

const KEY = "c0dev00001-1795367733045000-b7bi7l";
const BRANCH = `claude/session-${KEY}`;
const MARKER = markerOf(0, 0);
const ZERO = "0".repeat(40);
const SHA = "a".repeat(40);

type Message = ObservedThread["messages"][number];

describe("what the chaos harness reports", () => {
  it("is nothing when all promises were kept", () => {
    expect(findViolations(observation())).to.deep.equal([]);
  });

  it("is nothing when a run broke off visibly and its answer was given again", () => {
    const text = `${counting(1, 9)}\n\n_The run broke off here and was tried again._\n\n${counting(1, WORDS)}`;
    expect(findViolations(observation({ messages: round({ text }) }))).to.deep.equal([]);
  });

  it("is nothing when a failed answer was asked for again and went on where it was", () => {
    const failed = round({ text: counting(1, 15), outcome: "failed", from: 2 });
    const again = round({ text: counting(13, WORDS), epoch: 2, from: 20 });
    expect(findViolations(observation({ messages: [said(), ...failed, ...again] }))).to.deep.equal([]);
  });

  it("is a request that nobody answered, unless it was withdrawn", () => {
    const messages = [said(), ...round({ text: counting(1, 9), outcome: "stopped" })];
    expect(promises({ messages })).to.deep.equal(["answered"]);
    expect(promises({ messages, asked: [{ marker: MARKER, ts: ts(1), expectation: "optional" }] })).to.deep.equal([]);
  });

  it("is nothing for a request that was told to have failed and let go by who asked", () => {
    const asked = [
      { marker: MARKER, ts: ts(1), expectation: "due" as const },
      { marker: markerOf(0, 1), ts: ts(10), expectation: "optional" as const },
    ];
    const failed = round({ text: "", outcome: "failed", from: 2 });
    const later = [{ ...said(), ts: ts(10) }, ...round({ text: "", epoch: 2, from: 11 })];
    const kept = { pushes: [], pullRequests: [] };
    const seen = (messages: Message[]) => findViolations({ ...observation({ asked, messages }), ...kept });
    expect(seen([said(), ...failed, ...later])).to.deep.equal([]);
    expect(seen([said(), ...failed]).map(({ promise }) => promise)).to.deep.equal(["answered"]);
  });

  it("is an answer that was given a second time", () => {
    const messages = [said(), ...round({}), ...round({ epoch: 2, from: 20 })];
    expect(promises({ messages })).to.deep.equal(["answered-once"]);
  });

  it("is text that is missing or doubled", () => {
    expect(
      promises({ messages: [said(), ...round({ text: `${counting(1, 5)} ${counting(8, WORDS)}` })] }),
    ).to.deep.equal(["nothing-missing"]);
    expect(
      promises({ messages: [said(), ...round({ text: `${counting(1, 5)} ${counting(4, WORDS)}` })] }),
    ).to.deep.equal(["nothing-doubled"]);
  });

  it("is nothing when an answer broke off within a word, and only then", () => {
    const half = `${counting(1, 16)} ${MARKER}-1`;
    const broken = `${half}\n\n_The run broke off here and was tried again._\n\n${counting(1, WORDS)}`;
    expect(promises({ messages: [said(), ...round({ text: broken })] })).to.deep.equal([]);
    expect(promises({ messages: [said(), ...round({ text: `${counting(1, WORDS)} ${MARKER}-2` })] })).to.include(
      "nothing-doubled",
    );
    const unlike = `${counting(1, 16)} ${MARKER}-2`;
    expect(promises({ messages: [said(), ...round({ text: unlike, outcome: "failed" })] })).to.include(
      "nothing-doubled",
    );
  });

  it("is a message of ours that was posted twice", () => {
    const [opening, answer, closing] = round({});
    if (opening === undefined || answer === undefined || closing === undefined) throw new Error("a round has three");
    const twice = (message: Message) => ({ ...message, ts: `${message.ts.slice(0, -1)}9` });
    expect(promises({ messages: [said(), opening, twice(opening), answer, closing] })).to.include("one-opening");
    expect(promises({ messages: [said(), opening, answer, twice(answer), closing] })).to.include("nothing-doubled");
    expect(promises({ messages: [said(), opening, answer, closing, twice(closing)] })).to.include("one-closing");
  });

  it("is a thread that goes on working", () => {
    const [opening, answer] = round({});
    if (opening === undefined || answer === undefined) throw new Error("a round has three");
    expect(promises({ messages: [said(), opening, answer] })).to.include("final-state");
    expect(promises({ status: "processing" })).to.deep.equal(["no-working-state"]);
    const stop = { type: "actions", elements: [{ type: "button", action_id: "stop" }] };
    const stoppable = [
      said(),
      ...round({}).map((message, index) => (index === 0 ? { ...message, blocks: [stop] } : message)),
    ];
    expect(promises({ messages: stoppable })).to.deep.equal(["no-working-state"]);
    const eyes = { name: "eyes", users: ["U1"], count: 1 };
    expect(promises({ messages: [{ ...said(), reactions: [eyes] }, ...round({})] })).to.deep.equal([
      "no-working-state",
    ]);
  });

  it("is a commit that was pushed twice, a branch nobody owns, and a second pull request", () => {
    const push = pushOf(ZERO, SHA);
    expect(promisesOf({ pushes: [push, pushOf(SHA, SHA)] })).to.deep.equal(["pushed-once"]);
    expect(promisesOf({ pushes: [push, pushOf("c".repeat(40), "d".repeat(40))] })).to.deep.equal(["pushed-once"]);
    expect(promisesOf({ pushes: [push, { ...push, ref: "refs/heads/other" }] })).to.deep.equal(["one-branch"]);
    expect(promisesOf({ pushes: [push, { ...push, repo: "user-grace" }] })).to.deep.equal(["one-branch"]);
    expect(promisesOf({ pullRequests: [pull(1), pull(2)] })).to.deep.equal(["one-pull-request"]);
  });

  it("is work that did not get to its branch or has no pull request", () => {
    expect(promises({ files: [] })).to.deep.equal(["work-survives"]);
    expect(promisesOf({ pullRequests: [] })).to.deep.equal(["one-pull-request"]);
  });

  it("is nothing when a try broke off with an answer to what was edited before the next one", () => {
    const [first, edited] = [markerOf(0, 1), markerOf(0, 2)];
    const asked = [
      { marker: first, ts: ts(1), expectation: "optional" as const },
      { marker: edited, ts: ts(1), expectation: "due" as const },
    ];
    const broken = `${counting(1, WORDS, first)}\n\n_The run broke off here and was tried again._\n\n`;
    const seen = (files: string[], rest: string) => {
      const messages = [said(), ...round({ text: `${broken}${rest}` })];
      return promises({ asked, files: files.map((marker) => `notes/${marker}.txt`), messages });
    };
    expect(seen([edited], counting(1, WORDS, edited))).to.deep.equal([]);
    expect(seen([first], counting(1, WORDS, edited))).to.deep.equal(["work-survives"]);
    const both = `${counting(1, WORDS, first)} ${counting(1, WORDS, edited)}`;
    expect(seen([edited], both)).to.deep.equal(["work-survives"]);
  });

  it("is everything left behind, and that it never became quiet", () => {
    const leftovers = {
      processes: ["17 node"],
      runFolders: ["run"],
      jobs: ["job"],
      keys: ["lease"],
      unsettled: ["1-0"],
    };
    expect(promisesOf({ leftovers })).to.deep.equal(Array(5).fill("nothing-left-behind"));
    expect(promisesOf({ isQuiet: false })).to.deep.equal(["becomes-quiet"]);
  });

  it("is a replica that did not stop when it was asked to", () => {
    expect(promisesOf({ overdueStops: [{ replica: "gateway 2", times: 1 }] })).to.deep.equal(["stops-in-time"]);
  });

  it("says where to look", () => {
    const [violation] = findViolations(observation({ files: [] }));
    expect(violation?.where).to.equal(`C0DEV00001 ${ts(1)} (${KEY})`);
    expect(violation?.evidence).to.contain(MARKER);
  });
});

function promises(thread: Partial<ObservedThread>): string[] {
  return findViolations(observation(thread)).map(({ promise }) => promise);
}

function promisesOf(changes: Partial<Observation>): string[] {
  return findViolations({ ...observation(), ...changes }).map(({ promise }) => promise);
}

function observation(thread: Partial<ObservedThread> = {}): Observation {
  return {
    isQuiet: true,
    threads: [
      {
        sessionKey: KEY,
        channel: "C0DEV00001",
        threadTs: ts(1),
        asked: [{ marker: MARKER, ts: ts(1), expectation: "due" }],
        messages: [said(), ...round({})],
        status: "active",
        files: [`notes/${MARKER}.txt`],
        ...thread,
      },
    ],
    pushes: [pushOf(ZERO, SHA)],
    pullRequests: [pull(1)],
    leftovers: { processes: [], runFolders: [], jobs: [], keys: [], unsettled: [] },
    overdueStops: [],
  };
}

function round({ text = counting(1, WORDS), outcome = "completed", epoch = 1, from = 2 }): Message[] {
  return [
    ours(from, { part: "opening", epoch: 0 }),
    { ...ours(from + 1), markdown: text },
    ours(from + 2, { part: "closing", epoch, outcome }),
  ];
}

function said(): Message {
  return { ...ours(1), isBot: false };
}

function ours(second: number, payload?: Record<string, unknown>): Message {
  const metadata = payload === undefined ? null : { event_type: "peerbot_part", event_payload: payload };
  return {
    ts: ts(second),
    isBot: true,
    ephemeralTo: null,
    text: "",
    blocks: [],
    markdown: null,
    stream: null,
    metadata,
    reactions: [],
  };
}

function counting(from: number, to: number, marker = MARKER): string {
  return Array.from({ length: to - from + 1 }, (_, index) => `${marker}-${from + index}`).join(" ");
}

function pushOf(old: string, created: string) {
  return { owner: "org", repo: "user-ada", ref: `refs/heads/${BRANCH}`, old, new: created, at: 1 };
}

function pull(number: number) {
  const state = "open" as const;
  return { owner: "org", repository: "user-ada", number, state, head: BRANCH, base: "main", createdAt: "2026-01-01" };
}

function ts(second: number): string {
  return `17953677${String(second).padStart(2, "0")}.000100`;
}
