import { expect } from "chai";
import { until } from "../src/index.ts";

describe("until", () => {
  it("gives back the first truthy value", async () => {
    let looks = 0;
    const value = await until(() => (++looks === 3 ? "here" : undefined), { what: "the third look" });
    expect(value).to.equal("here");
  });

  it("takes a throwing condition for one that is not yet true", async () => {
    let looks = 0;
    const value = await until(
      () => {
        if (++looks < 3) throw new Error("too early");
        return looks;
      },
      { what: "the third look" },
    );
    expect(value).to.equal(3);
  });

  it("says what it waited for and what it last saw", async () => {
    const failure = await failureOf(until(() => false, { what: "the moon", timeoutMs: 60 }));
    expect(failure).to.equal("waited 0.06 s for the moon; the last look gave false");
  });

  it("tells the last error of a condition that only throws", async () => {
    const failure = await failureOf(
      until(() => Promise.reject(new Error("no such channel")), { what: "a message", timeoutMs: 60 }),
    );
    expect(failure).to.equal("waited 0.06 s for a message; the last look failed: no such channel");
  });

  it("gives up on a condition that never settles", async () => {
    const failure = await failureOf(until(() => new Promise<boolean>(() => {}), { what: "an answer", timeoutMs: 60 }));
    expect(failure).to.contain("waited 0.06 s for an answer");
  });
});

async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "it did not fail";
}
