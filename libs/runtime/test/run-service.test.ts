import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const LIVE = fileURLToPath(new URL("./programs/live.ts", import.meta.url));

/** Lets a service of some kind live, and asks it to stop with a signal once it has started. */
async function live(kind: string, signal?: NodeJS.Signals): Promise<{ code: unknown; out: string; said: string }> {
  const child = spawn(process.execPath, [LIVE, kind], { stdio: ["ignore", "pipe", "pipe"] });
  let [out, said] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk;
    if (signal !== undefined && out === "started\n") child.kill(signal);
  });
  child.stderr.on("data", (chunk: Buffer) => (said += chunk));
  const [code] = await once(child, "close");
  return { code, out, said };
}

describe("the life of a service", function () {
  this.timeout(10_000);

  it("ends with 0 after SIGTERM or SIGINT, when everything is given back", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      expect(await live("well", signal), signal).to.deep.equal({ code: 0, out: "started\ndisposed\n", said: "" });
    }
  });

  it("ends with 1 when it cannot start, or breaks by itself, and says why", async () => {
    const unstarted = await live("cannot-start");
    expect(unstarted).to.include({ code: 1, out: "" });
    expect(unstarted.said).to.include("the port is taken");
    const broken = await live("breaks");
    expect(broken).to.include({ code: 1, out: "started\ndisposed\n" });
    expect(broken.said).to.include("the connection is gone for good");
  });

  it("ends with 3 when it does not stop within its grace time", async () => {
    expect(await live("stuck", "SIGTERM")).to.include({ code: 3 });
  });

  it("ends with 78 when its settings are unusable, and names them without a stack", async () => {
    const { code, said } = await live("misconfigured");
    expect(code).to.equal(78);
    expect(said).to.equal("These settings need attention:\n  - TOKEN: is missing\n");
  });
});
