import { createLogger } from "@peerbot/runtime";
import { expect } from "chai";
import { createBoltApp, passThroughBolt, type Receipt } from "../src/bolt-app.ts";
import type { Outcome } from "../src/delivery.ts";
import { callback, MENTION, mention } from "./support/payloads.ts";
import { BOT_ID, BOT_USER, TEAM } from "./support/slack-stand-in.ts";

describe("A delivery that passes through Bolt", () => {
  const identity = () => ({ team: TEAM, botUserId: BOT_USER, botId: BOT_ID, enterprise: undefined });
  const receiver = { init: () => {}, start: async () => {}, stop: async () => {} };
  const appWith = (take: () => Promise<Outcome>) =>
    createBoltApp({
      receiver,
      identity,
      take,
      apiUrl: "http://127.0.0.1:1/",
      logger: createLogger({ service: "ingress", level: "silent" }),
    });
  const pass = (app: ReturnType<typeof appWith>) =>
    passThroughBolt(app, callback(mention(`${MENTION} hello`)), {} satisfies Receipt).then(
      (outcome) => outcome,
      (error: Error) => error,
    );

  it("is done only when the listener said what became of it", async () => {
    expect(await pass(appWith(async () => ({ result: "accepted" })))).to.deep.equal({ result: "accepted" });
  });

  it("fails with the listener's own error", async () => {
    const gone = new Error("Redis is gone");
    const app = appWith(() => Promise.reject(gone));
    expect(await pass(app)).to.equal(gone);
  });

  it("fails also when an error handler swallows the listener's error", async () => {
    const app = appWith(() => Promise.reject(new Error("Redis is gone")));
    app.error(async () => {});
    expect(await pass(app)).to.be.instanceOf(Error);
  });
});
