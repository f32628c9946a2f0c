import { dockerAt, engineUnderTest } from "./engine-under-test.ts";
import { baseImage } from "./test-image.ts";

/** Tests that need a Docker engine; where there is none a pending one says why. */
export async function describeWithEngine(title: string, tests: (address: string) => void): Promise<void> {
  const engine = await engineUnderTest();
  describe(title, function () {
    // Everything here is several processes of an engine that others may keep busy, too.
    this.timeout(120_000);
    if ("missing" in engine) {
      it(`is not tested: ${engine.missing}`);
      return;
    }
    before(() => baseImage(dockerAt(engine.address)));
    tests(engine.address);
  });
}
