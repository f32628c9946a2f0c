import type { InboxEntry, RunOptions, RunRecord } from "@peerbot/contracts";
import { loadConfig } from "@peerbot/runtime";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { LauncherConfig } from "../src/config.ts";
import { type OptionSettings, optionsOfRun } from "../src/launch/options-of-run.ts";
import type { RunSpec, SessionRunner } from "../src/runner/session-runner.ts";
import { aThread, openScene, type Scene } from "./launcher-scene.ts";

const settings: OptionSettings = {
  allowedSizes: ["small", "standard", "large"],
  allowDocker: true,
  byChannel: new Map([["C1", { size: "small", docker: true }]]),
};
let made = 0;

function said(options?: RunOptions, id = `C1:${++made}`): InboxEntry {
  const common = { v: 1, user: "U1", ts: "1", receivedAt: 1 } as const;
  return { inboxId: `${++made}-0`, message: { ...common, kind: "said", id, text: "do it", options } };
}

function edited(edits: string, options?: RunOptions): InboxEntry {
  const common = { v: 1, user: "U1", ts: "1", receivedAt: 1 } as const;
  return {
    inboxId: `${++made}-0`,
    message: { ...common, kind: "edited", id: `${edits}:edit`, text: "x", edits, options },
  };
}

describe("what a run is given", () => {
  for (const [what, entries, channel, options] of [
    ["nothing special when nobody asked", [said()], "C2", {}],
    ["what was asked for", [said({ size: "large", docker: true })], "C2", { size: "large", docker: true }],
    [
      "what was asked for before, when a reply asks for nothing",
      [said({ size: "large" }), said()],
      "C2",
      { size: "large" },
    ],
    [
      "each option as it was asked for last",
      [said({ size: "large", docker: true }), said({ docker: false })],
      "C2",
      { size: "large" },
    ],
    ["the channel's when nobody asked", [said()], "C1", { size: "small", docker: true }],
    ["what was asked for rather than the channel's", [said({ size: "large", docker: false })], "C1", { size: "large" }],
    [
      "what an edit made of the message, in its place",
      [said({ size: "large" }, "C2:a"), said({ docker: true }), edited("C2:a")],
      "C2",
      { docker: true },
    ],
  ] as const) {
    it(`is ${what}`, () => expect(optionsOfRun(entries, channel, settings)).to.deep.equal(options));
  }

  it("is never what is not allowed any more", () => {
    const closed: OptionSettings = { ...settings, allowedSizes: ["small"], allowDocker: false };
    expect(optionsOfRun([said({ size: "large", docker: true })], "C2", closed)).to.deep.equal({});
  });
});

describe("options of channels", () => {
  const load = (changes: Record<string, string>) =>
    loadConfig(LauncherConfig, {
      TOKEN_SECRET: "a-secret-of-at-least-thirty-two-characters",
      GITHUB_TOKEN: "t",
      GITHUB_ORGANIZATION: "acme",
      SLACK_BOT_TOKEN: "xoxb",
      BULL_BOARD_PASSWORD: "open sesame",
      RUNNER: "kubernetes",
      WORKER_IMAGE: "worker:1",
      ...changes,
    });

  it("are read for each channel", () => {
    const { CHANNEL_OPTIONS } = load({
      CHANNEL_OPTIONS: "C123:size=large,docker=on; C456:docker=off;",
      DOCKER_IN_DOCKER: "rootless",
    });
    expect([...CHANNEL_OPTIONS]).to.deep.equal([
      ["C123", { size: "large", docker: true }],
      ["C456", { docker: false }],
    ]);
  });

  it("are refused with all that is wrong in them", () => {
    const wrong = () =>
      load({
        CHANNEL_OPTIONS: "general:size=large;C1:size=huge,docker=maybe;C2:size=small,size=large;C2:docker=on",
        ALLOWED_SIZES: "small,tiny",
        DOCKER_IN_DOCKER: "yes",
      });
    for (const words of [
      /"general:size=large" does not look like C123/,
      /C1: "size=huge" is neither/,
      /C1: "docker=maybe" is neither/,
      /C2: size is there twice/,
      /C2 is there twice/,
      /ALLOWED_SIZES: must be of small, standard, large/,
      /DOCKER_IN_DOCKER: must be off, rootless or privileged/,
    ]) {
      expect(wrong).to.throw(words);
    }
  });

  it("may have Docker only where it is switched on, and never beside the launcher", () => {
    expect(() => load({ CHANNEL_OPTIONS: "C1:docker=on" })).to.throw(/CHANNEL_OPTIONS: has docker=on/);
    expect(() => load({ RUNNER: "process", DOCKER_IN_DOCKER: "rootless" })).to.throw(/DOCKER_IN_DOCKER: must be off/);
  });
});

describe("a launcher", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  it("starts workers with what the thread asked for, also when it tries again and when another launcher takes over", async () => {
    const specs: RunSpec[] = [];
    const recording: SessionRunner = {
      ...scene.runner,
      start: (spec) => {
        if ("startToken" in spec) specs.push(spec);
        return scene.runner.start(spec);
      },
    };
    const environment = { DOCKER_IN_DOCKER: "rootless", RUNNER: "kubernetes", WORKER_IMAGE: "worker:1" };
    const first = await scene.startLauncher(environment, { runner: recording });
    const thread = aThread();
    const options = { size: "large", docker: true } as const;
    await scene.write(thread, "said", { options });
    process.kill((await scene.gateway.arrival(1)).pid, "SIGKILL");
    const again = await scene.gateway.arrival(2);
    await first[Symbol.asyncDispose]();
    await scene.startLauncher(environment, { runner: recording });
    // The run is met, not begun anew.
    await until(async () => specs.length >= 3, { what: "the second launcher to meet the run" });
    expect((await scene.runs.current(again.sessionKey)) as RunRecord).to.deep.include({ epoch: again.epoch, options });
    await again.finish("completed");
    again.leave();
    await scene.untilQuiet(thread);
    expect(specs.map(({ size, docker }) => ({ size, docker }))).to.deep.equal([options, options, options]);
    expect(await scene.event(thread, "run-started", 2)).to.deep.include({ options });

    await scene.write(thread);
    const later = await scene.gateway.arrival(3);
    expect(specs.at(-1)).to.include(options);
    await later.finish("completed");
    later.leave();
    await scene.untilQuiet(thread);
  });
});
