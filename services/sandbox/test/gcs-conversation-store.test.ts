import { gunzipSync } from "node:zlib";
import { Storage } from "@google-cloud/storage";
import { conversationPathOf } from "@peerbot/contracts";
import { createGcsConversationStore, type GcsConversationStoreOptions } from "@peerbot/conversation-store";
import {
  describeConversationStore,
  expectFailure,
  someSession,
  someState,
} from "@peerbot/conversation-store/conformance";
import { temporaryFolder } from "@peerbot/testing";
import { expect } from "chai";
import { type GcsStandIn, registerGcs } from "../src/gcs/index.ts";
import { type StandInServer, standInServer } from "./stand-in-server.ts";

const BUCKET = "peerbot-test";
const UPLOAD = /^POST \/upload\//;

describeConversationStore("Google Cloud Storage", async () => {
  const gcs = await openGcs();
  return {
    open: () => gcs.store(),
    overwrite: (path, content) => gcs.storage().bucket(BUCKET).file(path).save(content, { resumable: false }),
    [Symbol.asyncDispose]: () => gcs[Symbol.asyncDispose](),
  };
});

describe("the Google Cloud Storage conversation store", () => {
  let gcs: Awaited<ReturnType<typeof openGcs>>;
  beforeEach(async () => {
    gcs = await openGcs();
  });
  afterEach(async () => {
    await gcs[Symbol.asyncDispose]();
  });

  it("stores gzipped JSON under the session's path", async () => {
    const state = someState(someSession());
    await gcs.store().save(state, { ifGeneration: null });
    const file = gcs.storage().bucket(BUCKET).file(conversationPathOf(state.sessionKey));
    const [metadata] = await file.getMetadata();
    expect(metadata).to.include({ contentType: "application/json", contentEncoding: "gzip" });
    const [raw] = await file.download({ decompress: false });
    expect(JSON.parse(gunzipSync(raw).toString())).to.deep.equal(state);
  });

  it("does not take its own save for a conflict when the answer to it was lost", async () => {
    const state = someState(someSession());
    gcs.standIn.faults.failNext({ afterEffect: true, match: UPLOAD });
    const { generation } = await gcs.store().save(state, { ifGeneration: null });
    expect(await gcs.store().load(state.sessionKey)).to.deep.equal({ generation, state });
    expect(gcs.uploads()).to.have.length(2);
  });

  it("still reports the conflict when somebody else saved the same after a lost answer", async () => {
    const session = someSession();
    const { generation } = await gcs.store().save(someState(session), { ifGeneration: null });
    gcs.standIn.faults.failNext({ status: 503, match: UPLOAD });
    const late = gcs.store({ firstDelayMs: 300 }).save(someState(session), { ifGeneration: generation });
    while (gcs.uploads().length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await gcs.store().save(someState(session), { ifGeneration: generation });
    await expectFailure(late, "conversation-conflict");
  });

  it("saves and loads through a short outage", async () => {
    const state = someState(someSession());
    gcs.standIn.faults.failNext({ status: 503, count: 2 });
    await gcs.store().save(state, { ifGeneration: null });
    gcs.standIn.faults.failNext({ status: 429 });
    gcs.standIn.faults.failNext({ afterEffect: true });
    expect((await gcs.store().load(state.sessionKey))?.state).to.deep.equal(state);
  });

  it("gives up on a request that is never answered and tries again", async () => {
    const state = someState(someSession());
    gcs.standIn.faults.failNext({ timeout: true });
    await gcs.store({ timeoutMs: 200 }).save(state, { ifGeneration: null });
    gcs.standIn.faults.failNext({ timeout: true });
    expect((await gcs.store({ timeoutMs: 200 }).load(state.sessionKey))?.state).to.deep.equal(state);
  });

  it("says after some attempts that the store is unavailable, and that later may work", async () => {
    gcs.standIn.faults.failNext({ status: 503, count: 10 });
    const failure = await expectFailure(gcs.store().load(someSession()), "conversation-store-unavailable");
    expect(failure.retryable).to.equal(true);
    expect(gcs.standIn.requests).to.have.length(3);
  });

  it("tells missing rights from an outage, and does not insist", async () => {
    gcs.standIn.faults.failNext({ status: 403, count: 10 });
    const state = someState(someSession());
    const save = gcs.store().save(state, { ifGeneration: null });
    const failure = await expectFailure(save, "conversation-store-forbidden");
    expect(failure.message).to.include("Storage Object User").and.include(BUCKET);
    expect(gcs.standIn.requests).to.have.length(1);
  });

  it("tells a missing bucket from a session without a conversation", async () => {
    const store = gcs.store({ bucket: "no-such-bucket" });
    const load = await expectFailure(store.load(someSession()), "conversation-bucket-missing");
    expect(load.message).to.include("no-such-bucket");
    await expectFailure(store.save(someState(someSession()), { ifGeneration: null }), "conversation-bucket-missing");
    await expectFailure(store.checkReady(), "conversation-bucket-missing");
  });

  it("says that content which is not the gzip it claims to be cannot be read", async () => {
    const session = someSession();
    const metadata = { contentEncoding: "gzip" };
    const file = gcs.storage().bucket(BUCKET).file(conversationPathOf(session));
    await file.save("no gzip at all", { resumable: false, metadata });
    await expectFailure(gcs.store().load(session), "conversation-unreadable");
  });
});

async function openGcs() {
  const folder = await temporaryFolder();
  const { promise, resolve } = Promise.withResolvers<GcsStandIn>();
  const server: StandInServer = await standInServer(async (fastify) =>
    resolve(await registerGcs(fastify, { dataDir: folder.path, bucket: BUCKET })),
  );
  const standIn = await promise;
  const apiEndpoint = server.url();
  return {
    standIn,
    store: (options: Partial<GcsConversationStoreOptions> = {}) =>
      createGcsConversationStore({ bucket: BUCKET, apiEndpoint, attempts: 3, firstDelayMs: 5, ...options }),
    storage: () => new Storage({ apiEndpoint, projectId: "test" }),
    uploads: () => standIn.requests.filter(({ method, url }) => UPLOAD.test(`${method} ${url}`)),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
