import { createLogger, loadConfig } from "@peerbot/runtime";
import { type TemporaryFolder, temporaryFolder } from "@peerbot/testing";
import { expect } from "chai";
import { compose, type Sandbox } from "../src/compose.ts";
import { SandboxConfig } from "../src/config.ts";
import type { InjectFault } from "../src/control/api.ts";

describe("faults injected from outside the sandbox", () => {
  let folder: TemporaryFolder;
  let sandbox: Sandbox;
  before(async () => {
    folder = await temporaryFolder();
    const config = loadConfig(SandboxConfig, { SANDBOX_PORT: "0", SANDBOX_DATA_DIR: folder.path });
    sandbox = await compose(config, createLogger({ service: "sandbox", level: "silent" }));
  });
  after(async () => {
    await sandbox[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  const control = async (method: string, body?: InjectFault) => {
    const response = await fetch(`${sandbox.url}/sandbox/faults`, {
      method,
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const statusOf = async (path: string, init: RequestInit = {}) => {
    try {
      return (await fetch(`${sandbox.url}${path}`, init)).status;
    } catch {
      return "broken off";
    }
  };
  const github = () => statusOf("/github/api/user", { headers: { authorization: "Bearer ghp_sandbox" } });
  const gcs = () => statusOf("/storage/v1/b/peerbot-sandbox");
  const model = { model: "claude", max_tokens: 9, messages: [{ role: "user", content: "hi" }] };
  const headers = { "x-api-key": "sk-ant-sandbox", "content-type": "application/json" };
  const claude = () => statusOf("/anthropic/v1/messages", { method: "POST", headers, body: JSON.stringify(model) });

  it("befall the named stand-in as often as told, and no other", async () => {
    await control("POST", { standIn: "github", kind: "429", retryAfterSeconds: 2, count: 2 });
    expect(await gcs()).to.equal(200);
    expect([await github(), await github(), await github()]).to.deep.equal([429, 429, 200]);
    await control("POST", { standIn: "gcs", kind: "status", status: 503 });
    expect([await gcs(), await gcs()]).to.deep.equal([503, 200]);
    await control("POST", { standIn: "claude", kind: "status", status: 529 });
    expect([await claude(), await claude()]).to.deep.equal([529, 200]);
  });

  it("break connections with and without an effect, at once and after a while", async () => {
    for (const kind of ["disconnect", "500-after-effect"] as const) {
      await control("POST", { standIn: "github", kind });
      expect(await github(), kind).to.equal("broken off");
    }
    await control("POST", { standIn: "gcs", kind: "timeout", cutAfterMs: 50 });
    expect(await gcs()).to.equal("broken off");
    await control("POST", { standIn: "claude", kind: "disconnect" });
    expect(await claude()).to.equal("broken off");
  });

  it("can be counted and taken back", async () => {
    await control("POST", { standIn: "github", kind: "500", match: "/pulls", count: 3 });
    await control("POST", { standIn: "slack", kind: "500" });
    expect(await github()).to.equal(200);
    expect((await control("GET")).body.pending).to.deep.equal({ slack: 1, github: 3, claude: 0, gcs: 0 });
    expect((await control("DELETE")).body.pending).to.deep.equal({ slack: 0, github: 0, claude: 0, gcs: 0 });
  });

  it("are refused in words where a stand-in cannot fail like that", async () => {
    expect(await control("POST", { standIn: "gcs", kind: "error" })).to.deep.equal({
      status: 400,
      body: { ok: false, error: "kind: gcs cannot fail with error" },
    });
  });
});
