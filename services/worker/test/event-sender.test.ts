import type { NumberedEvent } from "@peerbot/contracts";
import { expect } from "chai";
import { createEventSender } from "../src/event-sender.ts";

describe("the event sender", () => {
  it("numbers events without gaps and joins text that comes together", async () => {
    const batches: NumberedEvent[][] = [];
    const sender = createEventSender(async (events) => void batches.push([...events]));
    sender.send({ type: "text", text: "a" });
    sender.send({ type: "text", text: "b" });
    sender.send({ type: "phase", phase: "working" });
    sender.send({ type: "text", text: "c" });
    await sender.flush();
    expect(batches.flat()).to.deep.equal([
      { n: 1, event: { type: "text", text: "ab" } },
      { n: 2, event: { type: "phase", phase: "working" } },
      { n: 3, event: { type: "text", text: "c" } },
    ]);
  });

  it("sends nothing before what came earlier has arrived", async () => {
    const arrived: number[] = [];
    let running = 0;
    const sender = createEventSender(async (events) => {
      running += 1;
      expect(running).to.equal(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      arrived.push(...events.map(({ n }) => n));
      running -= 1;
    });
    for (let index = 0; index < 450; index++) sender.send({ type: "notice", text: String(index) });
    await sender.flush();
    expect(arrived).to.deep.equal(Array.from({ length: 450 }, (_, index) => index + 1));
  });

  it("tells when events cannot be delivered, and sends nothing after that", async () => {
    let calls = 0;
    const sender = createEventSender(async () => {
      calls += 1;
      throw new Error("gone");
    });
    sender.send({ type: "phase", phase: "working" });
    const failure = await sender.flush().catch((error: unknown) => error);
    sender.send({ type: "phase", phase: "saving" });
    expect(failure).to.have.property("message", "gone");
    expect(await sender.failed.catch((error: unknown) => error)).to.equal(failure);
    expect(calls).to.equal(1);
  });
});
