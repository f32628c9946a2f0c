import { expect } from "chai";
import { type AdmissionPolicy, admit } from "../src/admit.ts";
import type { Delivery } from "../src/delivery.ts";
import { ALICE, BOB, CHANNEL, callback, MENTION, mention, message } from "./support/payloads.ts";
import { IngressHarness, post } from "./support/start-ingress.ts";

const OPEN: AdmissionPolicy = {
  allowedUsers: [],
  deniedUsers: [],
  adminUsers: [],
  allowedChannels: [],
  deniedChannels: [],
  allowDirectMessages: true,
  allowExternalUsers: false,
  allowedSizes: ["small", "standard", "large"],
  allowDocker: false,
  promptMaxCharacters: 10,
};

function said(extra: Partial<Extract<Delivery, { kind: "said" }>> = {}): Delivery {
  return {
    ...{
      kind: "said",
      id: "C1:1",
      ts: "1",
      user: ALICE,
      text: "hello",
      thread: { team: "T", channel: CHANNEL, threadTs: "1" },
    },
    ...{ isExternal: false, isDirect: false, isMention: true, isReply: false, isStop: false, ...extra },
  };
}

describe("Admission", () => {
  const direct = { isDirect: true, thread: { team: "T", channel: "D1", threadTs: "1" } };
  const rows: [string, Partial<AdmissionPolicy>, Parameters<typeof said>[0], ReturnType<typeof admit>][] = [
    ["everybody when no list is set", {}, {}, undefined],
    ["a user on the allow list", { allowedUsers: [ALICE] }, {}, undefined],
    ["nobody who is not on the allow list", { allowedUsers: [BOB] }, {}, "user-not-allowed"],
    [
      "nobody on the deny list, allowed or not",
      { allowedUsers: [ALICE], deniedUsers: [ALICE] },
      {},
      "user-not-allowed",
    ],
    ["an admin who is not on the allow list", { allowedUsers: [BOB], adminUsers: [ALICE] }, {}, undefined],
    ["everybody when only admins are named", { adminUsers: [BOB] }, {}, undefined],
    ["a channel on the allow list", { allowedChannels: [CHANNEL] }, {}, undefined],
    ["no channel that is not on the allow list", { allowedChannels: ["C0X"] }, {}, "channel-not-allowed"],
    [
      "no channel on the deny list",
      { allowedChannels: [CHANNEL], deniedChannels: [CHANNEL] },
      {},
      "channel-not-allowed",
    ],
    ["direct messages whatever channels are allowed", { allowedChannels: ["C0X"] }, direct, undefined],
    ["no direct messages when they are off", { allowDirectMessages: false }, direct, "channel-not-allowed"],
    ["no external user by default", {}, { isExternal: true }, "external-user"],
    ["external users when they are allowed", { allowExternalUsers: true }, { isExternal: true }, undefined],
    ["a text of the greatest length, counted in characters", {}, { text: "😀".repeat(10) }, undefined],
    ["no longer text", {}, { text: "x".repeat(11) }, "prompt-too-long"],
  ];
  for (const [what, policy, delivery, expected] of rows) {
    it(`admits ${what}`, () => expect(admit(said(delivery), { ...OPEN, ...policy })).to.equal(expected));
  }
});

describe("A message that is not admitted", () => {
  let harness: IngressHarness;
  before(async () => {
    harness = await IngressHarness.create();
  });
  after(() => harness[Symbol.asyncDispose]());

  const reasonsFor = async (ts: string) =>
    (await harness.notices()).filter(({ id }) => id.endsWith(ts)).map(({ reason }) => reason);

  it("is answered by a durable notice, once however often it is delivered", async () => {
    const ingress = await harness.start({ SLACK_ALLOWED_USERS: BOB });
    const event = mention(`${MENTION} hello`);
    for (let delivery = 0; delivery < 2; delivery += 1) await post(ingress, callback(event));
    expect(await harness.inbox(event.ts)).to.deep.equal([]);
    expect(await reasonsFor(event.ts)).to.deep.equal(["user-not-allowed"]);
  });

  it("never follows from lists that are set but empty", async () => {
    const ingress = await harness.start({
      SLACK_ALLOWED_USERS: "",
      SLACK_ALLOWED_CHANNELS: " , ",
      SLACK_DENIED_USERS: "",
    });
    const event = mention(`${MENTION} hello`);
    await post(ingress, callback(event));
    expect(await harness.inbox(event.ts)).to.have.length(1);
  });

  it("is any of an external user's, wherever Slack names the other workspace", async () => {
    const ingress = await harness.start();
    for (const where of [{ user_team: "T0OTHER" }, { source_team: "T0OTHER" }, { team: "T0OTHER" }]) {
      const event = mention(`${MENTION} hello`, where);
      await post(ingress, callback(event));
      expect(await harness.inbox(event.ts), JSON.stringify(where)).to.deep.equal([]);
      expect(await reasonsFor(event.ts)).to.deep.equal(["external-user"]);
    }
  });

  it("is one of 40,001 characters, while 40,000 are taken", async () => {
    const ingress = await harness.start();
    const fits = mention(`${MENTION} ${"x".repeat(40_000)}`);
    const tooLong = mention(`${MENTION} ${"x".repeat(40_001)}`);
    for (const event of [fits, tooLong]) expect((await post(ingress, callback(event))).status).to.equal(200);
    expect(await harness.inbox(fits.ts)).to.have.length(1);
    expect(await harness.inbox(tooLong.ts)).to.deep.equal([]);
    expect(await reasonsFor(tooLong.ts)).to.deep.equal(["prompt-too-long"]);
  });

  it("is told once per thread to somebody who talks in a live thread without mentioning the bot", async () => {
    const ingress = await harness.start({ SLACK_DENIED_USERS: BOB });
    const started = mention(`${MENTION} work`);
    await post(ingress, callback(started));
    for (const text of ["nice", "very nice"]) {
      await post(ingress, callback(message(text, { user: BOB, thread_ts: started.ts })));
    }
    expect(await harness.inbox(started.ts)).to.have.length(1);
    const told = (await harness.notices()).filter(({ user }) => user === BOB);
    expect(told.map(({ reason }) => reason)).to.deep.equal(["user-not-allowed"]);
  });
});
