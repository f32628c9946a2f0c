import type { SessionStore } from "@anthropic-ai/claude-agent-sdk";
import type { AgentMemory } from "./agent.ts";

/**
 * Mirrors the SDK's transcript into the conversation that is saved. The project key is left aside: it is the folder
 * the run works in, and every run has another. A process that is started ahead names its session itself: a conversation
 * that has nothing in it takes that name.
 */
export function createMemoryStore(): SessionStore & { bind(memory: AgentMemory): void } {
  const seen = new Set<string>();
  let memory: AgentMemory = { sessionId: "", transcript: {} };
  return {
    bind(conversation) {
      memory = conversation;
      for (const entry of Object.values(memory.transcript).flat()) {
        const uuid = uuidOf(entry);
        if (uuid !== undefined) seen.add(uuid);
      }
    },
    async append({ sessionId, subpath = "" }, entries) {
      if (Object.keys(memory.transcript).length === 0) memory.sessionId = sessionId;
      if (sessionId !== memory.sessionId) return;
      // An entry with a known uuid is a repetition.
      const fresh = entries.filter(({ uuid }) => uuid === undefined || !seen.has(uuid));
      for (const { uuid } of fresh) if (uuid !== undefined) seen.add(uuid);
      memory.transcript[subpath] = [...(memory.transcript[subpath] ?? []), ...fresh];
    },
    async load({ sessionId, subpath = "" }) {
      const entries = sessionId === memory.sessionId ? memory.transcript[subpath] : undefined;
      return entries === undefined ? null : entries.filter(isEntry);
    },
    async listSubkeys({ sessionId }) {
      return sessionId === memory.sessionId ? Object.keys(memory.transcript).filter((subpath) => subpath !== "") : [];
    },
  };
}

function isEntry(entry: unknown): entry is { type: string; uuid?: string } {
  return typeof entry === "object" && entry !== null && typeof Reflect.get(entry, "type") === "string";
}

function uuidOf(entry: unknown): string | undefined {
  return isEntry(entry) && typeof entry.uuid === "string" ? entry.uuid : undefined;
}
