import { type TemporaryFolder, temporaryFolder, until } from "@peerbot/testing";
import { expect } from "chai";
import { type GatewayUnderTest, startGateway, type TestRun } from "./support/gateway-under-test.ts";
import { plainGit } from "./support/plain-git.ts";

describe("what the git host can do", function () {
  this.timeout(20_000);
  let gateway: GatewayUnderTest;
  let folder: TemporaryFolder;
  let run: TestRun;
  let clones = 0;
  before(async () => {
    gateway = await startGateway();
    folder = await temporaryFolder();
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    gateway.host.failWith(undefined);
    gateway.host.speaksProtocol2 = true;
    run = await gateway.beginRun();
    await gateway.host.addRepository(run.repository.owner, run.repository.name);
    gateway.host.requests.length = 0;
  });

  async function clone(...options: string[]) {
    const { owner, name } = run.repository;
    const address = `http://peerbot:${run.gitToken}@127.0.0.1:${gateway.gateway.port}/git/${owner}/${name}.git`;
    clones += 1;
    return plainGit(folder.path, "clone", "--quiet", ...options, address, `${folder.path}/${clones}`);
  }

  const questions = () => gateway.host.requests.filter(({ url }) => url.includes("/info/refs"));

  it("is asked once, while a worker takes its run, and known to every fetch after it", async () => {
    await gateway.call("POST", "/v1/exchange", { body: { startToken: run.startToken } });
    await until(() => questions().length > 0, { what: "the question" });
    for (let fetch = 0; fetch < 2; fetch++) {
      const { exitCode, all } = await clone();
      expect(exitCode, all).to.equal(0);
    }
    expect(questions()).to.have.length(1);
  });

  it("is told to the session's own repository alone", async () => {
    await clone();
    const other = await gateway.beginRun();
    const path = `/git/${run.repository.owner}/${run.repository.name}.git/info/refs?service=git-upload-pack`;
    const headers = { authorization: `Basic ${btoa(`peerbot:${other.gitToken}`)}`, "git-protocol": "version=2" };
    const { status } = await fetch(`${gateway.url}${path}`, { headers });
    expect(status).to.equal(404);
  });

  it("is asked again after the host failed, which is told as it is", async () => {
    gateway.host.failWith(503);
    expect((await clone()).all).to.contain("returned error: 503");
    gateway.host.failWith(undefined);
    const { exitCode, all } = await clone();
    expect(exitCode, all).to.equal(0);
  });

  it("is not guessed for a git, or a host, that speaks an older protocol", async () => {
    const { exitCode, all } = await clone("-c", "protocol.version=0");
    expect(exitCode, all).to.equal(0);
    gateway.host.speaksProtocol2 = false;
    const old = await clone();
    expect(old.exitCode, old.all).to.equal(0);
  });
});
