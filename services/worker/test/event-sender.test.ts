import type { NumberedEvent } from "@peerbot/contracts";
import { expect } from "chai";
import { createEventSender, type EventSender } from "../src/event-sender.ts";

describe("the event sender", () => {
  it("numbers events without gaps and joins text that comes together", async () => {
    const batches: NumberedEvent[][] = [];
    const sender = createEventSender(async (events) => {
      batches.push([...events]);
      return lastOf(events);
    });
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
      return lastOf(events);
    });
    for (let index = 0; index < 450; index++) sender.send({ type: "notice", text: String(index) });
    await sender.flush();
    expect(arrived).to.deep.equal(Array.from({ length: 450 }, (_, index) => index + 1));
  });

  it("sends no more at once than the gateway takes, however long it was away", async () => {
    const sizes: number[] = [];
    const sender = createEventSender(async (events) => {
      sizes.push(Buffer.byteLength(JSON.stringify({ events })));
      return lastOf(events);
    });
    for (let index = 0; index < 150; index++) sender.send({ type: "notice", text: "é".repeat(8_000) });
    await sender.flush();
    expect(sizes.length).to.be.greaterThan(1);
    expect(Math.max(...sizes)).to.be.lessThan(1024 * 1024);
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

  it("sends again, in order, what arrived and was forgotten", async () => {
    const { deliver, stored, forgetAllBut } = aLog();
    const sender = createEventSender(deliver);
    sendNotices(sender, 1, 4);
    await sender.flush();
    forgetAllBut(2);
    sendNotices(sender, 5, 6);
    await sender.flush();
    expect(stored()).to.deep.equal(["1", "2", "3", "4", "5", "6"]);
  });

  it("goes on after a hole when more was forgotten than it has kept, and loses nothing of what comes then", async () => {
    const { deliver, stored, forgetAllBut } = aLog();
    const sender = createEventSender(deliver);
    sendNotices(sender, 1, 900);
    await sender.flush();
    forgetAllBut(100);
    sendNotices(sender, 901, 902);
    await sender.flush();
    const texts = stored();
    expect(texts.slice(0, 100)).to.deep.equal(numbersFrom(1, 100));
    expect(texts.slice(100)).to.deep.equal(numbersFrom(Number(texts[100]), 902));
    expect(texts.length).to.be.greaterThan(500);
  });

  it("does not go on for ever against a gateway that stores nothing", async () => {
    const sender = createEventSender(async () => 0);
    sender.send({ type: "phase", phase: "working" });
    expect(await sender.flush().catch((error: unknown) => error)).to.have.property("code", "events-not-stored");
  });
});

function lastOf(events: readonly NumberedEvent[]): number {
  return events.at(-1)?.n ?? 0;
}

function sendNotices(sender: EventSender, from: number, through: number): void {
  for (const text of numbersFrom(from, through)) sender.send({ type: "notice", text });
}

function numbersFrom(from: number, through: number): string[] {
  return Array.from({ length: through - from + 1 }, (_, index) => String(from + index));
}

/** Stores events as the gateway does: each once, and only the one that comes next. */
function aLog() {
  const log: NumberedEvent["event"][] = [];
  return {
    async deliver(events: readonly NumberedEvent[]) {
      for (const { n, event } of events) if (n === log.length + 1) log.push(event);
      return log.length;
    },
    stored: () => log.map((event) => (event.type === "notice" ? event.text : event.type)),
    forgetAllBut: (count: number) => void log.splice(count),
  };
}
