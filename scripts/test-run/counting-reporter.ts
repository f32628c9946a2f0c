import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/** Mocha's own report, and at the end the numbers as JSON in the file that the option `countsFile` names. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const file: unknown = options.reporterOptions?.countsFile;
      if (typeof file === "string") writeFileSync(file, JSON.stringify({ passes, failures, pending }));
    });
  }
}
