import { Assignment, ExchangeResponse, signRunToken, verifyRunToken } from "@peerbot/contracts";
import { expect } from "chai";
import { decodeJwt } from "./support/decode-jwt.ts";
import { type GatewayUnderTest, SECRETS, startGateway, type TestRun } from "./support/gateway-under-test.ts";

describe("tokens at the gateway", () => {
  let gateway: GatewayUnderTest;
  before(async () => {
    gateway = await startGateway({ MODEL: "claude-opus-5-5" });
  });
  after(() => gateway[Symbol.asyncDispose]());

  const exchange = (startToken: string) => gateway.call("POST", "/v1/exchange", { body: { startToken } });
  const codeOf = ({ status, body }: { status: number; body: unknown }) =>
    `${status} ${(body as { error?: { code?: string } }).error?.code}`;

  it("exchanges a start token once, however many workers ask at the same time", async () => {
    const run = await gateway.beginRun();
    const answers = await Promise.all([1, 2, 3, 4].map(() => exchange(run.startToken)));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 409, 409, 409]);
    const refused = answers.find(({ status }) => status === 409);
    expect(refused?.body).to.have.nested.property("error.code", "start-token-used");
  });

  it("gives its run again to the worker that lost the answer, and to no other", async () => {
    const { startToken } = await gateway.beginRun();
    const ask = (claimant: string) => gateway.call("POST", "/v1/exchange", { body: { startToken, claimant } });
    expect((await ask("one")).status).to.equal(200);
    expect((await ask("one")).status).to.equal(200);
    expect(codeOf(await ask("another"))).to.equal("409 start-token-used");
    expect(codeOf(await exchange(startToken))).to.equal("409 start-token-used");
    expect(codeOf(await ask(""))).to.equal("400 bad-request");
  });

  it("gives tokens for the run, for git and for the model that expire shortly after the run's deadline", async () => {
    const deadlineAt = Date.now() + 600_000;
    const run = await gateway.beginRun({ deadlineAt });
    const { runToken, gitToken, modelToken } = ExchangeResponse.parse((await exchange(run.startToken)).body);
    expect(await verifyRunToken(runToken, { secret: SECRETS.tokenSecret })).to.deep.equal({
      kind: "run",
      sessionKey: run.key,
      epoch: run.record.epoch,
    });
    for (const token of [runToken, gitToken, modelToken]) {
      const afterDeadline = (decodeJwt(token).exp ?? 0) - deadlineAt / 1000;
      expect(afterDeadline).to.be.within(0, 600);
    }
  });

  it("hands out the assignment, which holds no secret", async () => {
    const run = await gateway.beginRun();
    const { body } = await gateway.call("GET", "/v1/assignment", { token: run.runToken });
    expect(Assignment.parse(body)).to.deep.equal({
      v: 1,
      sessionKey: run.key,
      epoch: run.record.epoch,
      person: { team: "T1", id: "U1", name: "Ada" },
      repository: run.repository,
      branch: `claude/session-${run.key}`,
      inboxAfter: "0-0",
      model: "claude-opus-5-5",
      deadlineAt: run.record.deadlineAt,
    });
    for (const secret of Object.values(SECRETS)) expect(JSON.stringify(body)).not.to.include(secret);
  });

  it("asks to come back while the run's repository is not prepared", async () => {
    const run = await gateway.beginRun({ isPrepared: false });
    expect(codeOf(await gateway.call("GET", "/v1/assignment", { token: run.runToken }))).to.equal(
      "503 run-not-prepared",
    );
  });

  it("refuses missing, tampered, foreign and expired tokens", async () => {
    const run = await gateway.beginRun();
    const claims = { kind: "run", sessionKey: run.key, epoch: run.record.epoch } as const;
    const expiresAt = Date.now() + 60_000;
    const foreign = await signRunToken(claims, { secret: "another-secret-of-more-than-32-characters", expiresAt });
    const expired = await signRunToken(claims, { secret: SECRETS.tokenSecret, expiresAt: Date.now() - 5_000 });
    const [head, payload, signature] = run.runToken.split(".");
    const forged = JSON.parse(Buffer.from(payload ?? "", "base64url").toString());
    const otherEpoch = Buffer.from(JSON.stringify({ ...forged, epoch: forged.epoch + 1 })).toString("base64url");
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
    const codeFor = async (token?: string) =>
      codeOf(await gateway.call("GET", "/v1/assignment", token === undefined ? {} : { token }));

    expect(await codeFor()).to.equal("401 token-invalid");
    expect(await codeFor("nonsense")).to.equal("401 token-invalid");
    expect(await codeFor(`${head}.${otherEpoch}.${signature}`)).to.equal("401 token-invalid");
    expect(await codeFor(unsigned)).to.equal("401 token-invalid");
    expect(await codeFor(foreign)).to.equal("401 token-invalid");
    expect(await codeFor(expired)).to.equal("401 token-expired");
  });

  it("lets each kind of token through its own door only", async () => {
    const run = await gateway.beginRun();
    await gateway.host.addRepository(run.repository.owner, run.repository.name);
    const { startToken, runToken, gitToken, modelToken } = run;
    const tokens = Object.entries({ startToken, runToken, gitToken, modelToken });
    const git = `/git/${run.repository.owner}/${run.repository.name}.git/info/refs?service=git-upload-pack`;
    const doors: [string, string][] = [
      ["/v1/assignment", "runToken"],
      ["/v1/inbox", "runToken"],
      ["/v1/conversation", "runToken"],
      [git, "gitToken"],
      ["/anthropic/api/hello", "modelToken"],
    ];
    for (const [path, opener] of doors) {
      for (const [name, token] of tokens) {
        const { status } = await gateway.call("GET", path, { token });
        expect(status, `${name} at ${path}`).to.equal(name === opener ? 200 : 403);
      }
    }
    for (const [name, token] of tokens.filter(([name]) => name !== "startToken")) {
      expect(codeOf(await exchange(token)), name).to.equal("403 token-scope");
    }
  });

  it("takes no more of a body than a token needs before it has seen one, at any address", async () => {
    const body = JSON.stringify({ startToken: "x".repeat(8 * 1024) });
    for (const path of ["/v1/exchange", "/v1/standby", "/v1/nowhere"]) {
      const answer = await gateway.call("POST", path, { body });
      expect(codeOf(answer), path).to.equal("413 too-large");
    }
    const { runToken: token } = await gateway.beginRun();
    const events = [{ n: 1, event: { type: "text", text: "x".repeat(100_000) } }];
    expect((await gateway.call("POST", "/v1/events", { token, body: { events } })).status).to.equal(200);
  });

  it("refuses every call of a run once a newer one began, and counts it by route", async () => {
    const old = await gateway.beginRun();
    const newer = await gateway.supersede(old);
    await gateway.host.addRepository(newer.repository.owner, newer.repository.name);
    gateway.claude.requests.length = 0;
    gateway.host.requests.length = 0;
    const answers = await everyCall(old);
    for (const [name, { status, body }] of Object.entries(answers)) {
      expect(status, name).to.equal(409);
      expect(JSON.stringify(body), name).to.match(/fenced|this run is over/);
    }
    expect(await gateway.events.read(old.key, { afterSeq: 2 })).to.deep.equal([]);
    expect(gateway.claude.requests).to.deep.equal([]);
    expect(gateway.host.requests).to.deep.equal([]);
    const metrics = await gateway.metrics();
    expect(metrics).to.match(/peerbot_fenced_total\{route="\/v1\/events",service="gateway"\} 1/);
    expect(metrics).to.match(/peerbot_fenced_total\{route="\/anthropic\/v1\/messages",service="gateway"\} 1/);
  });

  it("refuses them once the run has ended", async () => {
    const run = await gateway.beginRun();
    const event = { type: "run-ended", reason: "crashed", isRetrying: false } as const;
    await gateway.runs.end(run.key, run.record.epoch, { event, settleThrough: "0-0" });
    for (const [name, { status }] of Object.entries(await everyCall(run))) expect(status, name).to.equal(409);
  });

  async function everyCall({ startToken, runToken, gitToken, modelToken, repository, key, record }: TestRun) {
    const finished = { type: "finished", outcome: "no-changes", branch: "b" };
    const state = {
      v: 1,
      sessionKey: key,
      epoch: record.epoch,
      savedAt: 1,
      agent: "a",
      agentSessionId: "s",
      transcript: {},
      handledThrough: "0-0",
    };
    const git = `/git/${repository.owner}/${repository.name}.git`;
    const call = (token: string) => (method: string, path: string, body?: unknown) =>
      gateway.call(method, path, { token, ...(body === undefined ? {} : { body }) });
    const [run, repo] = [call(runToken), call(gitToken)];
    return {
      exchange: await exchange(startToken),
      assignment: await run("GET", "/v1/assignment"),
      inbox: await run("GET", "/v1/inbox"),
      events: await run("POST", "/v1/events", { events: [{ n: 1, event: { type: "text", text: "late" } }] }),
      load: await run("GET", "/v1/conversation"),
      save: await run("PUT", "/v1/conversation", { ifGeneration: null, state }),
      pullRequest: await run("POST", "/v1/pull-request", { title: "t", body: "b" }),
      finish: await run("POST", "/v1/finish", { event: finished, handledThrough: "0-0", isForced: true }),
      refs: await repo("GET", `${git}/info/refs?service=git-receive-pack`),
      fetch: await repo("POST", `${git}/git-upload-pack`, "x"),
      push: await repo("POST", `${git}/git-receive-pack`, "x"),
      model: await gateway.call("POST", "/anthropic/v1/messages", { token: modelToken, body: {} }),
    };
  }
});
