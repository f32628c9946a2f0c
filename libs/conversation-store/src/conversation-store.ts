import type { ConversationState, SessionKey } from "@peerbot/contracts";

/** Remembers what a session knows between its runs, one document per session, changed by compare-and-set. */
export interface ConversationStore {
  /**
   * Nothing saved yet is `undefined`, not an error.
   * @throws ConversationUnreadableError when what is stored is not a conversation of this session.
   */
  load(session: SessionKey): Promise<StoredConversation | undefined>;
  /**
   * Whole or not at all: a reader, or a crash, meets the old document or the new one. `ifGeneration: null` means "only
   * if nothing is saved".
   * @throws ConversationConflictError when the stored generation is another one.
   */
  save(state: ConversationState, options: { ifGeneration: string | null }): Promise<{ generation: string }>;
  /** @throws ConversationStoreError saying why conversations cannot be reached. */
  checkReady(): Promise<void>;
}

export interface StoredConversation {
  /** Opaque name of this version: equal only for the same save. */
  generation: string;
  state: ConversationState;
}
