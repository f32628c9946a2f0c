import { temporaryFolder } from "@peerbot/testing";
import { expect } from "chai";
import { runRollout } from "../scripts/rollout/run-rollout.ts";

describe("A deploy", function () {
  this.timeout(240_000);

  for (const runner of ["kubernetes", "process"] as const) {
    it(`loses, doubles and interrupts no session while every process is replaced, with RUNNER=${runner}`, async () => {
      await using folder = await temporaryFolder();
      const { live, violations } = await runRollout({
        sessions: 2,
        runner,
        warmWorkers: 1,
        dataDir: folder.path,
        patienceMs: 100_000,
        report: () => {},
      });
      expect(violations).to.deep.equal([]);
      expect(live).to.deep.equal({ before: 2, after: 2 });
    });
  }
});
