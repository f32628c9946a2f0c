import { ConversationPage, ConversationSaved, type ConversationState } from "@peerbot/contracts";
import { createFilesystemConversationStore } from "@peerbot/conversation-store";
import { type TemporaryFolder, temporaryFolder, until } from "@peerbot/testing";
import { expect } from "chai";
import { type GatewayUnderTest, startGateway, type TestRun } from "./support/gateway-under-test.ts";

describe("the conversation at the gateway", () => {
  let gateway: GatewayUnderTest;
  let folder: TemporaryFolder;
  let run: TestRun;
  before(async () => {
    folder = await temporaryFolder();
    gateway = await startGateway({ CONVERSATION_DIRECTORY: folder.path });
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    run = await gateway.beginRun();
  });

  const stateOf = ({ key, record }: TestRun, changes: Partial<ConversationState> = {}): ConversationState => ({
    v: 1,
    sessionKey: key,
    epoch: record.epoch,
    savedAt: 1_700_000_000_000,
    agent: "claude-code",
    agentSessionId: "session-1",
    transcript: { "": [{ role: "user", text: "hi" }] },
    handledThrough: "0-0",
    ...changes,
  });
  const load = (by = run) => gateway.call("GET", "/v1/conversation", { token: by.runToken });
  const save = (state: unknown, ifGeneration: string | null, by = run) =>
    gateway.call("PUT", "/v1/conversation", { token: by.runToken, body: { state, ifGeneration } });

  it("is null before anything is saved, and then what was saved last", async () => {
    expect((await load()).body).to.deep.equal({ generation: null, state: null });
    const first = ConversationSaved.parse((await save(stateOf(run), null)).body);
    const state = stateOf(run, { handledThrough: "5-0" });
    const second = ConversationSaved.parse((await save(state, first.generation)).body);
    expect(ConversationPage.parse((await load()).body)).to.deep.equal({ ...second, state });
  });

  it("is restored by the session's next run", async () => {
    await save(stateOf(run), null);
    const next = await gateway.supersede(run);
    expect(ConversationPage.parse((await load(next)).body).state).to.deep.equal(stateOf(run));
  });

  it("may be tens of megabytes large and hold any key, while other calls may not", async () => {
    const line = `{"__proto__":{"x":1},"text":"${"x".repeat(1_000_000)}"}`;
    const body = JSON.stringify({ ifGeneration: null, state: stateOf(run, { transcript: {} }) }).replace(
      '"transcript":{}',
      `"transcript":{"":[${Array(20).fill(line).join(",")}]}`,
    );
    const answer = await gateway.call("PUT", "/v1/conversation", { token: run.runToken, body });
    expect(answer.status).to.equal(200);
    const entry = ConversationPage.parse((await load()).body).state?.transcript[""]?.[19];
    expect(Object.keys(entry ?? {})).to.deep.equal(["__proto__", "text"]);
    const tooLarge = await save(stateOf(run, { agent: "x".repeat(33 * 1024 * 1024) }), null);
    expect(tooLarge.status).to.equal(413);
  });

  it("is refused when somebody else saved in between", async () => {
    const { generation } = ConversationSaved.parse((await save(stateOf(run), null)).body);
    await save(stateOf(run, { handledThrough: "1-0" }), generation);
    for (const stale of [null, generation]) {
      const answer = await save(stateOf(run, { handledThrough: "2-0" }), stale);
      expect(answer.status).to.equal(412);
      expect(answer.body).to.have.nested.property("error.code", "conversation-conflict");
    }
    expect(ConversationPage.parse((await load()).body).state?.handledThrough).to.equal("1-0");
  });

  it("is refused for another session, for another epoch and when it is none", async () => {
    const other = await gateway.beginRun();
    const foreign = await save(stateOf(other), null);
    expect(foreign.status).to.equal(403);
    expect(foreign.body).to.have.nested.property("error.code", "token-scope");
    expect((await load(other)).body).to.deep.equal({ generation: null, state: null });

    const future = await save(stateOf(run, { epoch: run.record.epoch + 1 }), null);
    expect(future.status).to.equal(400);
    expect(future.body).to.have.nested.property("error.message").that.includes("state.epoch");

    const { transcript: _, ...incomplete } = stateOf(run);
    const malformed = await save(incomplete, null);
    expect(malformed.status).to.equal(400);
    expect(malformed.body).to.have.nested.property("error.message").that.includes("state.transcript");
  });

  it("is neither read nor written by a run older than the one that saved it, whatever Redis says", async () => {
    const store = createFilesystemConversationStore({ directory: folder.path });
    const newer = stateOf(run, { epoch: run.record.epoch + 10 });
    const { generation } = await store.save(newer, { ifGeneration: null });
    for (const answer of [await load(), await save(stateOf(run), generation)]) {
      expect(answer.status).to.equal(409);
      expect(answer.body).to.have.nested.property("error.code", "fenced");
    }
    expect((await store.load(run.key))?.state).to.deep.equal(newer);
  });

  it("is not written by a run that a newer one fenced off while its conversation was on the way", async () => {
    const encoder = new TextEncoder();
    const text = JSON.stringify({ ifGeneration: null, state: stateOf(run) });
    const rest = Promise.withResolvers<void>();
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(encoder.encode(text.slice(0, 20)));
        await rest.promise;
        controller.enqueue(encoder.encode(text.slice(20)));
        controller.close();
      },
    });
    const checks = await gateway.commandsRun("hmget");
    const answer = fetch(`${gateway.url}/v1/conversation`, {
      method: "PUT",
      headers: { authorization: `Bearer ${run.runToken}`, "content-type": "application/json" },
      body,
      duplex: "half",
    } as RequestInit);
    await until(async () => (await gateway.commandsRun("hmget")) > checks, { what: "the fence to be passed" });
    const next = await gateway.supersede(run);
    rest.resolve();
    expect((await answer).status).to.equal(409);
    expect((await load(next)).body).to.deep.equal({ generation: null, state: null });
  });

  it("is counted by how saving went", async () => {
    const metrics = await gateway.metrics();
    for (const result of ["saved", "conflict", "fenced", "refused"]) {
      expect(metrics).to.match(
        new RegExp(`peerbot_conversation_saves_total\\{result="${result}",service="gateway"\\} [1-9]`),
      );
    }
  });
});
