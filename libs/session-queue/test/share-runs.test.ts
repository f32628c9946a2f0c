import { expect } from "chai";
import { shareRuns } from "../src/share-runs.ts";

describe("what is done for all who ask meanwhile", () => {
  it("is done once for those who ask at once, and once more for all who ask while it is done", async () => {
    const runs: PromiseWithResolvers<void>[] = [];
    const ask = shareRuns(() => {
      const run = Promise.withResolvers<void>();
      runs.push(run);
      return run.promise;
    });
    const [first, same] = [ask(), ask()];
    await Promise.resolve();
    const late = [ask(), ask(), ask()];
    runs[0]?.resolve();
    await Promise.all([first, same]);
    expect(runs).to.have.length(2);
    runs[1]?.resolve();
    await Promise.all(late);
    expect(runs).to.have.length(2);
  });

  it("is done again after it failed, which those hear who asked for it", async () => {
    let runs = 0;
    const ask = shareRuns(async () => {
      runs += 1;
      if (runs === 1) throw new Error("away");
    });
    const failing = ask();
    await Promise.resolve();
    const next = ask();
    expect(await failing.catch((error: unknown) => error)).to.have.property("message", "away");
    await next;
    expect(runs).to.equal(2);
  });
});
