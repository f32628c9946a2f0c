import { execFile } from "node:child_process";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { conversationPathOf, sessionKeyOf } from "@peerbot/contracts";
import { type TemporaryFolder, temporaryFolder } from "@peerbot/testing";
import { expect } from "chai";
import { createFilesystemConversationStore } from "../src/index.ts";
import { describeConversationStore, expectFailure, someSession, someState } from "./conformance.ts";

const run = promisify(execFile);

describeConversationStore("the file system", async () => {
  const folder = await temporaryFolder();
  return {
    open: () => createFilesystemConversationStore({ directory: join(folder.path, "conversations") }),
    overwrite: (path, content) => writeFile(join(folder.path, "conversations", path), content),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
});

describe("the file system conversation store", () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await folder[Symbol.asyncDispose]();
  });

  it("loses no save when several processes save at once", async () => {
    const threadTs = "1700000000.000001";
    const script = join(import.meta.dirname, "save-until-told.ts");
    await Promise.all([1, 2, 3].map(() => run(process.execPath, [script, folder.path, threadTs, "20"])));
    const session = sessionKeyOf({ team: "T1", channel: "C0PROCESS", threadTs });
    const stored = await createFilesystemConversationStore({ directory: folder.path }).load(session);
    expect(stored?.state.epoch).to.equal(60);
  });

  it("leaves nothing but the document behind", async () => {
    const state = someState(someSession());
    const store = createFilesystemConversationStore({ directory: folder.path });
    await store.save(state, { ifGeneration: null });
    await expectFailure(store.save(state, { ifGeneration: null }), "conversation-conflict");
    expect(await readdir(join(folder.path, "sessions", state.sessionKey))).to.deep.equal(["conversation.json"]);
  });

  it("takes over the lock of a process that died", async () => {
    const state = someState(someSession());
    await leaveLock(state.sessionKey, `${hostname()} ${await pidOfTheDead()} token`);
    const store = createFilesystemConversationStore({ directory: folder.path, waitMs: 2_000 });
    await store.save(state, { ifGeneration: null });
  });

  it("takes over a lock of another machine once it is abandoned", async () => {
    const state = someState(someSession());
    const lock = await leaveLock(state.sessionKey, "another-host 1 token");
    const store = createFilesystemConversationStore({ directory: folder.path, waitMs: 50 });
    const failure = await expectFailure(store.save(state, { ifGeneration: null }), "conversation-store-unavailable");
    expect(failure.retryable).to.equal(true);
    await utimes(lock, new Date(0), new Date(0));
    await store.save(state, { ifGeneration: null });
  });

  it("says that the directory cannot be written", async () => {
    await writeFile(join(folder.path, "file"), "");
    const store = createFilesystemConversationStore({ directory: join(folder.path, "file") });
    const failure = await expectFailure(store.checkReady(), "conversation-store-forbidden");
    expect(failure.message).to.include(join(folder.path, "file"));
  });

  async function leaveLock(session: Parameters<typeof conversationPathOf>[0], owner: string): Promise<string> {
    const lock = join(folder.path, `${conversationPathOf(session)}.lock`);
    await mkdir(dirname(lock), { recursive: true });
    await writeFile(lock, owner);
    return lock;
  }
});

async function pidOfTheDead(): Promise<string> {
  const { stdout } = await run(process.execPath, ["--print", "process.pid"]);
  return stdout.trim();
}
