import { StandbyAccepted, signStandbyToken, TakenRun, verifyRunToken } from "@peerbot/contracts";
import { until } from "@peerbot/testing";
import { createWarmPool, newWarmName, type WarmPool, warmPoolKeys } from "@peerbot/warm-pool";
import { expect } from "chai";
import { type GatewayUnderTest, SECRETS, startGateway, type TestRun } from "./support/gateway-under-test.ts";

const secret = SECRETS.tokenSecret;

describe("workers that wait at the gateway", () => {
  let gateway: GatewayUnderTest;
  let pool: WarmPool;
  before(async () => {
    gateway = await startGateway();
    pool = createWarmPool(gateway.redis);
    await pool.announce({ generation: "one", size: 100 }, { isNew: true });
  });
  after(() => gateway[Symbol.asyncDispose]());
  // One that nobody took would be given to the next test's run.
  afterEach(() => gateway.redis.redis.del(warmPoolKeys(gateway.redis.prefix).members));

  const codeOf = ({ status, body }: { status: number; body: unknown }) =>
    `${status} ${(body as { error?: { code?: string } }).error?.code}`;
  const arrive = (standbyToken: string) => gateway.call("POST", "/v1/standby", { body: { standbyToken } });
  const order = (token: string, waitSeconds = 0) =>
    gateway.call("GET", `/v1/standby/order?waitSeconds=${waitSeconds}`, { token });
  const take = (token: string) => gateway.call("POST", "/v1/standby/take", { token });
  const decide = ({ key, record: { epoch } }: TestRun) => pool.decide(`run-${key}`, { sessionKey: key, epoch }, "one");

  async function reserved(expiresAt = Date.now() + 60_000) {
    const member = newWarmName();
    await pool.reserve(member, "one");
    return { member, standbyToken: await signStandbyToken({ kind: "standby", member }, { secret, expiresAt }) };
  }
  async function aWaitingWorker() {
    const { member, standbyToken } = await reserved();
    return { member, ...StandbyAccepted.parse((await arrive(standbyToken)).body) };
  }

  it("lets a worker in once, and tells it until when to wait", async () => {
    const expiresAt = Date.now() + 60_000;
    const { standbyToken } = await reserved(expiresAt);
    const answers = await Promise.all([1, 2, 3].map(() => arrive(standbyToken)));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 409, 409]);
    const { waitUntil } = StandbyAccepted.parse(answers.find(({ status }) => status === 200)?.body);
    expect(waitUntil).to.be.closeTo(expiresAt, 1_000);
  });

  it("gives the waiting worker its run as soon as there is one: tokens and assignment, without a start token", async () => {
    const run = await gateway.beginRun();
    const { waitingToken } = await aWaitingWorker();
    const waiting = order(waitingToken, 20);
    const began = Date.now();
    await decide(run);
    expect((await waiting).body).to.deep.equal({ status: "offered" });
    expect(Date.now() - began).to.be.below(2_000);
    const { tokens, assignment } = TakenRun.parse((await take(waitingToken)).body);
    expect(assignment).to.deep.include({ sessionKey: run.key, epoch: run.record.epoch, repository: run.repository });
    expect(await verifyRunToken(tokens.runToken, { secret })).to.include({ kind: "run", sessionKey: run.key });
    expect((await gateway.call("GET", "/v1/assignment", { token: tokens.runToken })).body).to.deep.equal(assignment);
  });

  it("gives the run to nobody else after that: not for a start token, nor to another waiting worker", async () => {
    const run = await gateway.beginRun();
    const [mine, other] = [await aWaitingWorker(), await aWaitingWorker()];
    const decision = await decide(run);
    const [owner, stranger] =
      decision.kind === "warm" && decision.member === mine.member ? [mine, other] : [other, mine];
    expect(codeOf(await take(stranger.waitingToken))).to.equal("409 standby-over");
    expect((await take(owner.waitingToken)).status).to.equal(200);
    const body = { startToken: run.startToken };
    expect(codeOf(await gateway.call("POST", "/v1/exchange", { body }))).to.equal("409 start-token-used");
  });

  it("gives a worker that lost the answer its run again", async () => {
    const run = await gateway.beginRun();
    const { waitingToken } = await aWaitingWorker();
    await decide(run);
    const answers = [await take(waitingToken), await take(waitingToken)];
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200]);
    expect(TakenRun.parse(answers[1]?.body).assignment.epoch).to.equal(run.record.epoch);
  });

  it("does not give out a run that another worker has, or that is over", async () => {
    const [exchanged, over] = [await gateway.beginRun(), await gateway.beginRun()];
    await gateway.call("POST", "/v1/exchange", { body: { startToken: exchanged.startToken } });
    const first = await aWaitingWorker();
    await decide(exchanged);
    expect(codeOf(await take(first.waitingToken))).to.equal("409 start-token-used");
    const second = await aWaitingWorker();
    await decide(over);
    await gateway.supersede(over);
    expect(codeOf(await take(second.waitingToken))).to.equal("409 fenced");
  });

  it("sends a worker away at once that is to leave", async () => {
    const { member, waitingToken } = await aWaitingWorker();
    const waiting = order(waitingToken, 20);
    await until(async () => (await pool.members()).some(({ name }) => name === member), { what: "it to wait" });
    await pool.retire(member);
    expect((await waiting).body).to.deep.equal({ status: "over" });
    expect(codeOf(await take(waitingToken))).to.equal("409 standby-over");
  });

  it("sends waiting workers away that Redis has forgotten", async () => {
    const { waitingToken } = await aWaitingWorker();
    await gateway.redis.redis.del(warmPoolKeys(gateway.redis.prefix).members);
    expect((await order(waitingToken)).body).to.deep.equal({ status: "over" });
  });

  it("lets no other token wait or take, and a waiting worker's reach nothing else", async () => {
    const run = await gateway.beginRun();
    const { standbyToken } = await reserved();
    const { waitingToken } = await aWaitingWorker();
    for (const token of [run.startToken, run.runToken, run.modelToken, "nonsense"]) {
      expect(codeOf(await order(token))).to.equal("401 token-invalid");
      expect(codeOf(await take(token))).to.equal("401 token-invalid");
      expect(codeOf(await arrive(token))).to.equal("401 token-invalid");
    }
    for (const answer of [await order(standbyToken), await take(standbyToken), await arrive(waitingToken)]) {
      expect(codeOf(answer)).to.equal("403 token-scope");
    }
    for (const token of [standbyToken, waitingToken]) {
      for (const path of ["/v1/assignment", "/v1/inbox", "/v1/conversation", "/anthropic/v1/models"]) {
        expect((await gateway.call("GET", path, { token })).status, path).to.equal(401);
      }
      const exchange = { body: { startToken: token } };
      expect((await gateway.call("POST", "/v1/exchange", exchange)).status).to.equal(401);
    }
    expect(codeOf(await gateway.call("GET", "/v1/standby/order"))).to.equal("401 token-invalid");
    const { standbyToken: late } = await reserved(Date.now() - 5_000);
    expect(codeOf(await arrive(late))).to.equal("401 token-expired");
  });
});
