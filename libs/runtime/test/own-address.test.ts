import { expect } from "chai";
import { ownAddressOf } from "../src/own-address.ts";

describe("the address of a listener", () => {
  it("is what was given when that is an address", async () => {
    for (const address of ["0.0.0.0", "127.0.0.1", "::"]) expect(await ownAddressOf(address)).to.equal(address);
  });

  it("is the one of a name's addresses that is this machine's", async () => {
    expect(await ownAddressOf("localhost")).to.be.oneOf(["127.0.0.1", "::1"]);
  });

  it("is refused when a name leads elsewhere", async () => {
    // Documentation's own network: nobody has such an address; written so, it passes for a name.
    const refusal = await ownAddressOf("3221225985").catch((error: unknown) => error);
    expect(refusal).to.have.property("code", "not-own-address");
  });
});
