import { expect } from "chai";
import { secondsUntilReset } from "../src/github/github-failure.ts";

describe("the wait a rate limit asks for", () => {
  const now = 1_700_000_000_000;

  it("is what Retry-After says, before all else", () => {
    expect(secondsUntilReset({ "retry-after": "17", "x-ratelimit-reset": "1700000100" }, now)).to.equal(17);
  });
  it("lasts until the reset otherwise", () => {
    expect(secondsUntilReset({ "x-ratelimit-reset": "1700000100" }, now)).to.equal(100);
  });
  it("is at least a second, and a minute when nothing is said", () => {
    expect(secondsUntilReset({ "x-ratelimit-reset": "1600000000" }, now)).to.equal(1);
    expect(secondsUntilReset({}, now)).to.equal(60);
  });
});
