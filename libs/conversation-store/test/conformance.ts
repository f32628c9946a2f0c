import { type ConversationState, conversationPathOf, type SessionKey, sessionKeyOf } from "@peerbot/contracts";
import { AppError } from "@peerbot/runtime";
import { expect } from "chai";
import type { ConversationStore } from "../src/index.ts";

/** One storage place, empty at first, and ways to reach it. */
export interface StorageUnderTest extends AsyncDisposable {
  /** A store as another process would open it, on the same storage. */
  open(): ConversationStore;
  /** Writes bytes where the document of this path is kept, past the store. */
  overwrite(path: string, content: string): Promise<void>;
}

let threads = 0;

/** A session of its own for each call. */
export function someSession(): SessionKey {
  threads += 1;
  return sessionKeyOf({ team: "T1", channel: "C0CONFORM", threadTs: `1700000000.${String(threads).padStart(6, "0")}` });
}

/** A state that can be told from others by its epoch. */
export function someState(sessionKey: SessionKey, overrides: Partial<ConversationState> = {}): ConversationState {
  return {
    v: 1,
    sessionKey,
    epoch: 1,
    savedAt: 1_700_000_000_000,
    agent: "claude-code",
    agentSessionId: "0b7c2f9e",
    transcript: { "": [{ type: "user", text: "add a health endpoint – ✓ 健康" }], "agents/a.jsonl": [] },
    handledThrough: "1-0",
    ...overrides,
  };
}

/** What every conversation store promises. */
export function describeConversationStore(name: string, prepare: () => Promise<StorageUnderTest>): void {
  describe(`${name} as a conversation store`, () => {
    let storage: StorageUnderTest;
    let store: ConversationStore;

    beforeEach(async () => {
      storage = await prepare();
      store = storage.open();
    });
    afterEach(async () => {
      await storage[Symbol.asyncDispose]();
    });

    it("is ready, also before anything is saved", async () => {
      await store.checkReady();
    });

    it("loads undefined for a session nobody has saved", async () => {
      expect(await store.load(someSession())).to.equal(undefined);
    });

    it("loads in another process exactly what was saved, with the generation the save gave", async () => {
      const state = someState(someSession());
      const { generation } = await store.save(state, { ifGeneration: null });
      expect(await storage.open().load(state.sessionKey)).to.deep.equal({ generation, state });
    });

    it("keeps sessions apart", async () => {
      const [one, other] = [someState(someSession()), someState(someSession(), { epoch: 7 })];
      await store.save(one, { ifGeneration: null });
      await store.save(other, { ifGeneration: null });
      expect((await store.load(one.sessionKey))?.state.epoch).to.equal(1);
      expect((await store.load(other.sessionKey))?.state.epoch).to.equal(7);
    });

    it("gives every save a new generation", async () => {
      const state = someState(someSession());
      const first = await store.save(state, { ifGeneration: null });
      const second = await store.save(state, { ifGeneration: first.generation });
      expect(second.generation).to.not.equal(first.generation);
      expect((await store.load(state.sessionKey))?.generation).to.equal(second.generation);
    });

    it("refuses a first save when something is saved, and leaves it as it was", async () => {
      const session = someSession();
      await store.save(someState(session), { ifGeneration: null });
      await expectFailure(
        store.save(someState(session, { epoch: 2 }), { ifGeneration: null }),
        "conversation-conflict",
      );
      expect((await store.load(session))?.state.epoch).to.equal(1);
    });

    it("refuses a save upon a generation that was replaced, and leaves the newer one", async () => {
      const session = someSession();
      const { generation } = await store.save(someState(session), { ifGeneration: null });
      await store.save(someState(session, { epoch: 2 }), { ifGeneration: generation });
      const late = store.save(someState(session, { epoch: 3 }), { ifGeneration: generation });
      await expectFailure(late, "conversation-conflict");
      expect((await store.load(session))?.state.epoch).to.equal(2);
    });

    for (const ifGeneration of ["12345", "no generation of this store"]) {
      it(`refuses a save upon the generation '${ifGeneration}' when nothing is saved`, async () => {
        const state = someState(someSession());
        await expectFailure(store.save(state, { ifGeneration }), "conversation-conflict");
        expect(await store.load(state.sessionKey)).to.equal(undefined);
      });
    }

    it("lets exactly one of several simultaneous saves upon the same generation win", async () => {
      const session = someSession();
      let ifGeneration: string | null = null;
      for (const round of [1, 2, 3]) {
        const upon: string | null = ifGeneration;
        const epochs = [1, 2, 3, 4, 5, 6].map((writer) => round * 10 + writer);
        const results = await Promise.allSettled(
          epochs.map((epoch) => storage.open().save(someState(session, { epoch }), { ifGeneration: upon })),
        );
        const winners = results.flatMap((result, index) =>
          result.status === "fulfilled" ? [{ epoch: epochs[index], generation: result.value.generation }] : [],
        );
        expect(winners, "winners").to.have.length(1);
        const stored = await store.load(session);
        expect({ epoch: stored?.state.epoch, generation: stored?.generation }).to.deep.equal(winners[0]);
        for (const result of results) {
          if (result.status === "rejected") expect(result.reason).to.have.property("code", "conversation-conflict");
        }
        ifGeneration = stored?.generation ?? null;
      }
    });

    it("never shows a reader half a save", async function () {
      this.timeout(20_000);
      const session = someSession();
      const large = (epoch: number) => someState(session, { epoch, transcript: { "": Array(40_000).fill({ epoch }) } });
      let { generation } = await store.save(large(1), { ifGeneration: null });
      const reader = storage.open();
      let reads = 0;
      const writing = (async () => {
        // Until it has been read in between: on a slow machine a fixed number of writes could meet no read.
        for (let epoch = 2; epoch <= 6 || reads < 3; epoch += 1) {
          ({ generation } = await store.save(large(epoch), { ifGeneration: generation }));
        }
        return "written" as const;
      })();
      while ((await Promise.race([writing, reader.load(session).then(checkWhole)])) !== "written") reads += 1;
      expect((await reader.load(session))?.generation).to.equal(generation);
    });

    it("carries a state of 5 MB", async () => {
      const entries = Array.from({ length: 500 }, (_, index) => ({ index, text: incompressible(10_000) }));
      const state = someState(someSession(), { transcript: { "": entries } });
      await store.save(state, { ifGeneration: null });
      expect((await storage.open().load(state.sessionKey))?.state).to.deep.equal(state);
    });

    const unreadable = {
      "what is not JSON": () => "{ half a docu",
      "JSON that is no conversation": () => JSON.stringify({ generation: "1", state: { hello: "world" } }),
      "an empty document": () => "",
    };
    for (const [what, content] of Object.entries(unreadable)) {
      it(`says that ${what} cannot be read, and where it lies`, async () => {
        const session = someSession();
        await store.save(someState(session), { ifGeneration: null });
        await storage.overwrite(conversationPathOf(session), content());
        const failure = await expectFailure(store.load(session), "conversation-unreadable");
        expect(failure.message).to.include(conversationPathOf(session));
        expect(failure.retryable).to.equal(false);
      });
    }

    it("refuses keys that are no session keys", async () => {
      for (const key of [
        "../../etc/passwd",
        "c1-1700000000000001-abcdef/../x",
        "",
        ".",
        "c1-1700000000000001-ABCDEF",
      ]) {
        const hostile = key as SessionKey;
        await expectFailure(store.load(hostile), "session-key-invalid");
        await expectFailure(store.save(someState(hostile), { ifGeneration: null }), "session-key-invalid");
      }
    });
  });
}

/** Waits for the promise to fail with an `AppError` of this code, which it returns. */
export async function expectFailure(promise: Promise<unknown>, code: string): Promise<AppError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!("error" in outcome)) throw new Error(`expected ${code}, but it gave ${JSON.stringify(outcome.value)}`);
  if (!(outcome.error instanceof AppError)) throw outcome.error;
  expect(outcome.error.code, outcome.error.message).to.equal(code);
  return outcome.error;
}

function checkWhole(stored: Awaited<ReturnType<ConversationStore["load"]>>): "whole" {
  const { epoch, transcript } = stored?.state ?? {};
  const entries = transcript?.[""] ?? [];
  expect(entries).to.have.length(40_000);
  const isOfOneSave = entries.every((entry) => JSON.stringify(entry) === `{"epoch":${epoch}}`);
  expect(isOfOneSave, "all entries of one save").to.equal(true);
  return "whole";
}

function incompressible(length: number): string {
  return Array.from({ length: length / 10 }, () => Math.random().toString(36).slice(2, 12).padEnd(10, "x")).join("");
}
