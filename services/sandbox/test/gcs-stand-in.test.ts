import { Storage } from "@google-cloud/storage";
import { type TemporaryFolder, temporaryFolder } from "@peerbot/testing";
import { expect } from "chai";
import { registerGcs } from "../src/gcs/index.ts";
import { type StandInServer, standInServer } from "./stand-in-server.ts";

const BUCKET = "peerbot-test";

describe("the GCS stand-in", () => {
  let folder: TemporaryFolder;
  let server: StandInServer;

  const start = async () => {
    server = await standInServer(async (fastify) => {
      await registerGcs(fastify, { dataDir: folder.path, bucket: BUCKET });
    });
  };
  const storage = () =>
    new Storage({ apiEndpoint: server.url(), projectId: "test", retryOptions: { autoRetry: false } });
  const bucket = () => storage().bucket(BUCKET);
  const ask = (path: string, init?: RequestInit) => fetch(`${server.url()}${path}`, init);
  const save = (name: string, content: string | Buffer, metadata = {}) =>
    bucket().file(name).save(content, { resumable: false, metadata });

  beforeEach(async () => {
    folder = await temporaryFolder();
    await start();
  });
  afterEach(async () => {
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it("creates a bucket once and says 409 the second time", async () => {
    await storage().createBucket("another-bucket");
    const failure = await failureOf(storage().createBucket("another-bucket"));
    expect(failure).to.include({ code: 409 });
    expect((await storage().bucket("another-bucket").getMetadata())[0]).to.include({ name: "another-bucket" });
    expect(await failureOf(storage().createBucket("Not/a bucket"))).to.include({ code: 400 });
  });

  it("describes an object as the JSON API does, numbers as strings", async () => {
    await save("folder/hello.txt", "hello", { contentType: "text/plain", metadata: { colour: "blue" } });
    const [metadata] = await bucket().file("folder/hello.txt").getMetadata();
    expect(metadata).to.include({
      name: "folder/hello.txt",
      bucket: BUCKET,
      size: "5",
      contentType: "text/plain",
      metageneration: "1",
      md5Hash: "XUFAKrxLKna5cZ2REBfFkg==",
      crc32c: "mnG7TA==",
    });
    expect(metadata.generation).to.match(/^\d{16}$/);
    expect(metadata.metadata).to.deep.equal({ colour: "blue" });
  });

  it("keeps objects over a restart", async () => {
    await save("kept", "as it was");
    const [before] = await bucket().file("kept").getMetadata();
    await server[Symbol.asyncDispose]();
    await start();
    expect((await bucket().file("kept").download()).toString()).to.equal("as it was");
    const [after] = await bucket().file("kept").getMetadata();
    expect(after.generation).to.equal(before.generation);
  });

  it("takes names of any characters and length, and no slash that is not encoded", async () => {
    const name = `über/..//${"long".repeat(100)} ?#%2F.json`;
    await save(name, "content");
    expect((await bucket().file(name).download()).toString()).to.equal("content");
    expect((await bucket().getFiles())[0].map((file) => file.name)).to.deep.equal([name]);
    expect((await ask(`/storage/v1/b/${BUCKET}/o/a/b`)).status).to.equal(404);
  });

  for (const chunkSize of [undefined, 256 * 1024]) {
    it(`takes a resumable upload ${chunkSize === undefined ? "in one stream" : "in chunks"}`, async () => {
      const content = Buffer.alloc(700_000, "0123456789");
      const options = { resumable: true, ...(chunkSize !== undefined && { chunkSize }) };
      await bucket().file("large").save(content, options);
      const [downloaded] = await bucket().file("large").download({ validation: "md5" });
      expect(downloaded.equals(content)).to.equal(true);
    });
  }

  it("tells how much of a resumable upload has arrived and goes on from there", async () => {
    const uploads = `/upload/storage/v1/b/${BUCKET}/o`;
    const begun = await ask(`${uploads}?uploadType=resumable&name=parts`, { method: "POST", body: "{}" });
    const location = new URL(begun.headers.get("location") ?? "");
    const put = (contentRange: string, body?: string) =>
      fetch(location, { method: "PUT", headers: { "content-range": contentRange }, ...(body && { body }) });

    const empty = await put("bytes */*");
    expect([empty.status, empty.headers.get("range")]).to.deep.equal([308, null]);
    const part = await put("bytes 0-4/*", "hello");
    expect([part.status, part.headers.get("range")]).to.deep.equal([308, "bytes=0-4"]);
    expect((await put("bytes 9-10/11", "ld")).status).to.equal(400);
    const last = await put("bytes 3-10/11", "lo world");
    expect(last.status).to.equal(200);
    expect(await last.json()).to.include({ name: "parts", size: "11" });
    expect((await put("bytes */11")).status).to.equal(200);
    expect((await bucket().file("parts").download()).toString()).to.equal("hello world");
  });

  it("checks preconditions when a resumable upload begins and again when it ends", async () => {
    const uploads = `/upload/storage/v1/b/${BUCKET}/o?uploadType=resumable&name=raced&ifGenerationMatch=0`;
    const begun = await ask(uploads, { method: "POST" });
    await save("raced", "first");
    const ended = await fetch(begun.headers.get("location") ?? "", { method: "PUT", body: "second" });
    expect(ended.status).to.equal(412);
    expect((await ask(uploads, { method: "POST" })).status).to.equal(412);
    expect((await bucket().file("raced").download()).toString()).to.equal("first");
  });

  it("holds every change and read to its preconditions", async () => {
    const file = bucket().file("guarded");
    await file.save("one", { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } });
    const { generation } = (await file.getMetadata())[0];
    const upon = (ifGenerationMatch: unknown) => ({
      resumable: false,
      preconditionOpts: { ifGenerationMatch: Number(ifGenerationMatch) },
    });
    expect(await failureOf(file.save("two", upon(0)))).to.include({ code: 412 });
    expect(await failureOf(file.save("two", upon(17)))).to.include({ code: 412 });
    await file.save("two", upon(generation));
    expect(await failureOf(file.delete({ ifGenerationMatch: Number(generation) }))).to.include({ code: 412 });

    const path = `/storage/v1/b/${BUCKET}/o/guarded`;
    const current = (await bucket().file("guarded").getMetadata())[0].generation;
    expect((await ask(`${path}?ifGenerationNotMatch=${current}`)).status).to.equal(304);
    expect((await ask(`${path}?ifMetagenerationMatch=2`)).status).to.equal(412);
    expect((await ask(`${path}?generation=${generation}`)).status).to.equal(404);
    expect((await ask(`${path}?ifGenerationMatch=abc`)).status).to.equal(400);
  });

  it("answers errors in the shape of the JSON API", async () => {
    const answer = await ask(`/storage/v1/b/${BUCKET}/o/absent`);
    const message = `No such object: ${BUCKET}/absent`;
    expect(await answer.json()).to.deep.equal({
      error: { code: 404, message, errors: [{ message, domain: "global", reason: "notFound" }] },
    });
  });

  it("raises the metageneration, not the generation, when metadata changes", async () => {
    await save("described", "content", { metadata: { one: "1", two: "2" } });
    const before = (await bucket().file("described").getMetadata())[0];
    await bucket()
      .file("described")
      .setMetadata({ cacheControl: "no-store", metadata: { two: null, three: "3" } });
    const after = (await bucket().file("described").getMetadata())[0];
    expect(after).to.include({ generation: before.generation, metageneration: "2", cacheControl: "no-store" });
    expect(after.metadata).to.deep.equal({ one: "1", three: "3" });
  });

  it("lists by prefix and delimiter, page by page", async () => {
    for (const name of ["a/1", "a/2", "a/b/3", "c"]) await save(name, "x");
    const names = async (options: object) => (await bucket().getFiles(options))[0].map((file) => file.name);
    expect(await names({ prefix: "a/" })).to.deep.equal(["a/1", "a/2", "a/b/3"]);
    expect(await names({ maxResults: 3 })).to.deep.equal(["a/1", "a/2", "a/b/3"]);
    const list = async (query: string): Promise<{ items: Array<{ name: string }>; nextPageToken?: string }> =>
      JSON.parse(await (await ask(`/storage/v1/b/${BUCKET}/o?${query}`)).text());
    const page = await list("delimiter=/&maxResults=1");
    expect(page).to.deep.include({ prefixes: ["a/"], items: [] });
    const next = await list(`delimiter=/&pageToken=${page.nextPageToken}`);
    expect(next.items.map(({ name }) => name)).to.deep.equal(["c"]);
    expect(next).to.not.have.property("nextPageToken");
  });

  it("copies and removes objects", async () => {
    await save("from", "content", { contentType: "text/plain" });
    await bucket().file("from").copy(bucket().file("folder/to"));
    expect((await bucket().file("folder/to").getMetadata())[0]).to.include({ contentType: "text/plain", size: "7" });
    await bucket().file("from").delete();
    expect((await bucket().file("from").exists())[0]).to.equal(false);
    expect((await bucket().file("folder/to").download()).toString()).to.equal("content");
  });

  it("gives parts of an object, and says when there is no such part", async () => {
    await save("digits", "0123456789");
    expect((await bucket().file("digits").download({ start: 2, end: 4 })).toString()).to.equal("234");
    const media = `/storage/v1/b/${BUCKET}/o/digits?alt=media`;
    const tail = await ask(media, { headers: { range: "bytes=-3" } });
    expect([tail.status, tail.headers.get("content-range"), await tail.text()]).to.deep.equal([
      206,
      "bytes 7-9/10",
      "789",
    ]);
    expect((await ask(media, { headers: { range: "bytes=10-" } })).status).to.equal(416);
  });

  it("gives gzipped content as it is stored only to those who take gzip", async () => {
    await bucket().file("zipped").save("plain text", { resumable: false, gzip: true });
    const media = `/storage/v1/b/${BUCKET}/o/zipped?alt=media`;
    const unzipped = await ask(media, { headers: { "accept-encoding": "identity" } });
    expect([unzipped.headers.get("content-encoding"), await unzipped.text()]).to.deep.equal([null, "plain text"]);
    const zipped = await ask(media, { headers: { "accept-encoding": "gzip" } });
    expect([zipped.headers.get("content-encoding"), await zipped.text()]).to.deep.equal(["gzip", "plain text"]);
  });

  it("refuses content that does not have the checksum it was announced with", async () => {
    expect(await failureOf(save("damaged", "hello", { md5Hash: "AAAAAAAAAAAAAAAAAAAAAA==" }))).to.include({
      code: 400,
    });
    expect(await failureOf(save("damaged", "hello", { crc32c: "AAAAAA==" }))).to.include({ code: 400 });
    expect((await bucket().file("damaged").exists())[0]).to.equal(false);
  });

  it("lets one of many simultaneous conditional writes win", async () => {
    const writes = Array.from({ length: 8 }, (_, index) =>
      bucket()
        .file("one")
        .save(String(index), { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } }),
    );
    const results = await Promise.allSettled(writes);
    expect(results.filter(({ status }) => status === "fulfilled")).to.have.length(1);
  });
});

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
