import { expect } from "chai";
import { createEventRegister } from "../src/runner/docker/event-register.ts";

describe("What is heard of a Docker engine", () => {
  it("is there for all who waited for it, also when listening failed several times before", async () => {
    const register = createEventRegister({ gatewayStarted: () => {} });
    register.connected();
    register.interrupted();
    let woken = 0;
    const waiting = [register.ready().then(() => (woken += 1))];
    register.interrupted();
    waiting.push(register.ready().then(() => (woken += 1)));
    register.connected();
    await Promise.all(waiting);
    expect(woken).to.equal(2);
    await register.ready();
  });

  it("is to be waited for again after an interruption", async () => {
    const register = createEventRegister({ gatewayStarted: () => {} });
    register.connected();
    register.interrupted();
    const first = await Promise.race([register.ready().then(() => "ready"), Promise.resolve("waiting")]);
    expect(first).to.equal("waiting");
  });
});
