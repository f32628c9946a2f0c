import { expect } from "chai";
import { type GatewayUnderTest, SECRETS, startGateway, type TestRun } from "./support/gateway-under-test.ts";

describe("the pull request at the gateway", () => {
  let gateway: GatewayUnderTest;
  let run: TestRun;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway[Symbol.asyncDispose]());
  beforeEach(async () => {
    run = await gateway.beginRun();
    gateway.host.failWith(undefined);
    gateway.host.pullRequests.length = 0;
    gateway.host.requests.length = 0;
  });

  const open = (body: unknown) => gateway.call("POST", "/v1/pull-request", { token: run.runToken, body });

  it("is opened from the run's branch to the default branch of its repository", async () => {
    const answer = await open({ title: "Add hello", body: "It says hi.", head: "main", base: "other" });
    const { owner, name } = run.repository;
    expect(answer.body).to.deep.equal({ number: 1, url: `https://github.example/${owner}/${name}/pull/1` });
    expect(gateway.host.pullRequests).to.deep.equal([
      { title: "Add hello", body: "It says hi.", head: run.record.branch, base: "main" },
    ]);
    expect(gateway.host.requests.every(({ url }) => url.startsWith(`/api/repos/${owner}/${name}/`))).to.equal(true);
  });

  it("carries no token the agent may have written into it", async () => {
    await open({ title: `uses ${run.runToken}`, body: `env:\nANTHROPIC_API_KEY=${run.modelToken}\nend` });
    expect(gateway.host.pullRequests[0]).to.include({
      title: "uses [removed]",
      body: "env:\nANTHROPIC_API_KEY=[removed]\nend",
    });
  });

  it("is refused without a title, naming the field", async () => {
    const answer = await open({ title: "", body: "b" });
    expect(answer.status).to.equal(400);
    expect(answer.body).to.have.nested.property("error.message").that.includes("title");
  });

  it("fails with the host's reason: worth another try or not, what to do, and no credential in it", async () => {
    for (const [hostStatus, status, code] of [
      [401, 502, "github-unauthorized"],
      [403, 502, "github-forbidden"],
      [404, 404, "repository-deleted"],
      [429, 503, "github-rate-limited"],
      [503, 503, "github-unavailable"],
    ] as const) {
      gateway.host.failWith(hostStatus);
      const answer = await open({ title: "t", body: "b" });
      expect(answer.status, code).to.equal(status);
      expect(answer.body).to.have.nested.property("error.code", code);
      expect(answer.body)
        .to.have.nested.property("error.hint")
        .that.matches(/\w+\.$/);
      expect(JSON.stringify(answer.body)).not.to.include(SECRETS.githubToken);
      if (hostStatus === 429) expect(Number(answer.headers.get("retry-after"))).to.be.greaterThan(0);
    }
    expect(await gateway.metrics()).to.match(/operation="pull-request",result="failed",service="gateway"\} 5/);
  });
});
