import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { ConfigError, createLogger, loadConfig } from "@peerbot/runtime";
import { freePort, temporaryFolder } from "@peerbot/testing";
import { expect } from "chai";
import { compose } from "../src/compose.ts";
import { SandboxConfig } from "../src/config.ts";
import { isForSandbox } from "../src/known-hosts.ts";

describe("sandbox", () => {
  it("serves the page, the control API and every stand-in on one port, with no settings but a folder", async () => {
    await using folder = await temporaryFolder();
    const config = loadConfig(SandboxConfig, { SANDBOX_PORT: "0", SANDBOX_DATA_DIR: folder.path });
    await using sandbox = await compose(config, createLogger({ service: "sandbox", level: "silent" }));
    const ask = async (path: string, authorization = "", method = "GET") => {
      const response = await fetch(`${sandbox.url}${path}`, { method, headers: { authorization } });
      return { status: response.status, text: await response.text() };
    };
    expect((await ask("/")).text).to.contain("<html");
    expect(JSON.parse((await ask("/sandbox/state")).text)).to.have.nested.property("botUser.name", "peerbot");
    expect((await ask("/slack/api/auth.test", "Bearer xoxb-sandbox", "POST")).text).to.contain(sandbox.url);
    expect((await ask("/github/api/user", "Bearer ghp_sandbox")).status).to.equal(200);
    expect((await ask("/github/api/user", "Bearer wrong")).status).to.equal(401);
    expect((await ask("/storage/v1/b/peerbot-sandbox")).status).to.equal(200);
    expect((await ask("/anthropic/v1/messages", "Bearer wrong", "POST")).status).to.equal(401);
  });

  it("answers to its own names only, so that no web page reaches it under another", async () => {
    await using folder = await temporaryFolder();
    const config = loadConfig(SandboxConfig, { SANDBOX_PORT: "0", SANDBOX_DATA_DIR: folder.path });
    await using sandbox = await compose(config, createLogger({ service: "sandbox", level: "silent" }));
    const { port } = new URL(sandbox.url);
    const statusFor = async (host: string) => {
      const asked = request({ port, host: "127.0.0.1", path: "/sandbox/state", headers: { host } }).end();
      const [answer] = (await once(asked, "response")) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
    for (const own of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
      expect(await statusFor(own), own).to.equal(200);
    }
    for (const foreign of [`evil.example:${port}`, "127.0.0.1.evil.example", "localhost@evil.example"]) {
      expect(await statusFor(foreign), foreign).to.equal(421);
    }
    const published = { boundTo: "127.0.0.1", publicUrl: "https://bot.example:8443" };
    expect(isForSandbox("bot.example:8443", published)).to.equal(true);
    expect(isForSandbox("sandbox:3100", { boundTo: "0.0.0.0" })).to.equal(true);
  });

  it("answers on a network of containers only to the names for people and for services", () => {
    const inContainer = { boundTo: "0.0.0.0", publicUrl: "http://127.0.0.1:3100", servicesUrl: "http://sandbox:3100" };
    for (const own of ["sandbox:3100", "127.0.0.1:3100", "localhost:4100"]) {
      expect(isForSandbox(own, inContainer), own).to.equal(true);
    }
    expect(isForSandbox("evil.example:3100", inContainer)).to.equal(false);
  });

  it("sends services to their own address of it, and people to theirs", async () => {
    await using folder = await temporaryFolder();
    const port = await freePort();
    const config = loadConfig(SandboxConfig, {
      SANDBOX_PORT: String(port),
      SANDBOX_DATA_DIR: folder.path,
      SANDBOX_PUBLIC_URL: "http://127.0.0.1:3999",
      SANDBOX_SERVICES_URL: "http://localhost:3998",
    });
    await using _sandbox = await compose(config, createLogger({ service: "sandbox", level: "silent" }));
    const ask = async (method: string, token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`http://127.0.0.1:${port}/slack/api/${method}`, { method: "POST", headers });
      return ((await response.json()) as { url: string }).url;
    };
    expect(await ask("apps.connections.open", "xapp-sandbox")).to.match(/^ws:\/\/localhost:3998\//);
    expect(await ask("auth.test", "xoxb-sandbox")).to.equal("http://127.0.0.1:3999/");
  });

  it("names every wrong setting at once", () => {
    const wrong = { SANDBOX_PORT: "many", SLACK_DELIVERY: "pigeon", SLACK_EVENTS_URL: "nowhere" };
    expect(() => loadConfig(SandboxConfig, wrong))
      .to.throw(ConfigError)
      .with.property("problems")
      .that.has.lengthOf(3);
  });
});
