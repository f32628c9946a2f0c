import { join } from "node:path";
import { temporaryFolder } from "@peerbot/testing";
import { expect } from "chai";
import { faultsIn } from "../scripts/chaos/coverage.ts";
import { describeResult } from "../scripts/chaos/describe-result.ts";
import { runChaos } from "../scripts/chaos/run-chaos.ts";

describe("Peerbot under fire", function () {
  this.timeout(300_000);

  it("answers everybody once, whatever dies or fails meanwhile", async () => {
    await using folder = await temporaryFolder();
    const result = await runChaos({
      sessions: 6,
      seed: 11,
      faults: 25,
      dataDir: join(folder.path, "data"),
      settleMs: 150_000,
      report: () => {},
    });
    expect(result.violations, describeResult(result)).to.deep.equal([]);
    expect(faultsIn(result), describeResult(result)).to.be.greaterThan(10);
  });
});
