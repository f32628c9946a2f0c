import { sessionKeyOf } from "@peerbot/contracts";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { Redis } from "ioredis";
import { subscribeActivity } from "../src/index.ts";
import { aMessage, aThread, openSessionLog, type SessionLog } from "./session-log.ts";

describe("a session's inbox", () => {
  let log: SessionLog;
  beforeEach(async () => {
    log = await openSessionLog();
  });
  afterEach(() => log[Symbol.asyncDispose]());

  it("takes a message delivered again as a duplicate, whichever of its identities comes again", async () => {
    const thread = aThread();
    const message = aMessage();
    const answers = [
      await log.inbox.accept(thread, message, "Ev1"),
      await log.inbox.accept(thread, message, "Ev2"),
      await log.inbox.accept(thread, { ...message, id: `${message.id}-other` }, "Ev2"),
      await log.inbox.accept(thread, message, undefined),
    ];
    expect(answers).to.deep.equal(["accepted", "duplicate", "duplicate", "duplicate"]);
    expect((await log.inbox.pending(sessionKeyOf(thread))).map((entry) => entry.message)).to.deep.equal([message]);
    expect(await log.typesOf(thread)).to.deep.equal(["accepted"]);
  });

  it("takes one of many deliveries that come at the same time", async () => {
    const thread = aThread();
    const message = aMessage();
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => log.inbox.accept(thread, message, `Ev-${n}`)));
    expect(answers.filter((answer) => answer === "accepted")).to.have.length(1);
  });

  it("keeps messages in the order they came", async () => {
    const thread = aThread();
    const messages = [aMessage(), aMessage("continue"), aMessage()];
    for (const message of messages) await log.inbox.accept(thread, message, undefined);
    const pending = await log.inbox.pending(sessionKeyOf(thread));
    expect(pending.map(({ message }) => message.id)).to.deep.equal(messages.map(({ id }) => id));
  });

  it("remembers who began a session, whoever writes later", async () => {
    const thread = aThread();
    await log.inbox.accept(thread, aMessage("said", "U1ADA"), undefined);
    await log.inbox.accept(thread, aMessage("said", "U2BOB"), undefined);
    expect(await log.inbox.session(sessionKeyOf(thread))).to.deep.include({ thread, owner: "U1ADA" });
  });

  it("knows nothing of a thread nobody has written to", async () => {
    expect(await log.inbox.session(sessionKeyOf(aThread()))).to.equal(undefined);
    expect(await log.inbox.pending(sessionKeyOf(aThread()))).to.deep.equal([]);
  });

  it("lists a session with messages until it is taken off, but not if another message came meanwhile", async () => {
    const thread = aThread();
    const key = sessionKeyOf(thread);
    await log.inbox.accept(thread, { ...aMessage(), receivedAt: 1_000 }, undefined);
    await log.inbox.accept(thread, { ...aMessage(), receivedAt: 2_000 }, undefined);
    await log.inbox.retireUnsettled(key, 1_000);
    expect(await log.inbox.unsettled()).to.deep.equal([{ key, at: 2_000 }]);
    await log.inbox.retireUnsettled(key, 2_000);
    expect(await log.inbox.unsettled()).to.deep.equal([]);
  });

  it("tells listeners about messages, and about Stop by name", async () => {
    const { url, prefix } = log;
    await using activity = await subscribeActivity({ subscriber: new Redis(url), prefix });
    const thread = aThread();
    const key = sessionKeyOf(thread);
    const heard: string[] = [];
    activity.listen((kind, heardKey) => heard.push(`${kind} ${heardKey === key}`));
    const stop = activity.next("stop", key, { timeoutMs: 5_000 });
    await log.inbox.accept(thread, aMessage("stop"), undefined);
    await stop;
    await until(() => heard.length === 3, { what: "three pieces of news" });
    expect(heard.toSorted()).to.deep.equal(["events true", "inbox true", "stop true"]);
  });
});
