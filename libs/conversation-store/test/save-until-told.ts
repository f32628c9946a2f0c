import { sessionKeyOf } from "@peerbot/contracts";
import { ConversationConflictError, createFilesystemConversationStore } from "../src/index.ts";
import { someState } from "./conformance.ts";

/*
 * A process of its own for filesystem-store.test.ts: raises the epoch of one session by one, `count` times, as often as
 * another process comes in between.
 */
const [directory = "", threadTs = "", count = "0"] = process.argv.slice(2);
const session = sessionKeyOf({ team: "T1", channel: "C0PROCESS", threadTs });
const store = createFilesystemConversationStore({ directory });

for (let saved = 0; saved < Number(count); ) {
  const current = await store.load(session);
  const next = someState(session, { epoch: (current?.state.epoch ?? 0) + 1 });
  try {
    await store.save(next, { ifGeneration: current?.generation ?? null });
    saved += 1;
  } catch (error) {
    if (!(error instanceof ConversationConflictError)) throw error;
  }
}
