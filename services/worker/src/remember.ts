import { randomUUID } from "node:crypto";
import type { Assignment, RunFinished } from "@peerbot/contracts";
import type { AgentMemory } from "./agent/agent.ts";
import type { GatewayClient } from "./gateway-client.ts";

/** What the session remembers, and which version of it this run began with. */
export interface Remembered {
  memory: AgentMemory;
  generation: string | null;
  /** Inbox entries up to here are dealt with; undefined when there is no conversation yet. */
  handledThrough: string | undefined;
  /** Inbox entries up to here the agent was asked, be they dealt with or not. */
  askedThrough: string | undefined;
  /** How that ended. */
  finished: RunFinished | undefined;
  /** Commit that the pull request shows. */
  publishedCommit: string | undefined;
}

/** Brings back the conversation as the last run left it; a new one when there is none, or when another agent led it. */
export async function recall(gateway: GatewayClient, { agent }: { agent: string }): Promise<Remembered> {
  const { generation, state } = await gateway.conversation();
  const isOurs = state !== null && state.agent === agent;
  return {
    generation,
    handledThrough: state?.handledThrough,
    askedThrough: state?.askedThrough,
    finished: state?.finished,
    publishedCommit: state?.publishedCommit,
    memory: isOurs
      ? { sessionId: state.agentSessionId, transcript: state.transcript }
      : { sessionId: randomUUID(), transcript: {} },
  };
}

/** Saves the conversation. @throws FencedError when a newer run saved it since */
export async function remember(
  gateway: GatewayClient,
  remembered: Remembered,
  options: {
    assignment: Assignment;
    agent: string;
    handledThrough: string;
    askedThrough: string;
    finished: RunFinished;
    publishedCommit: string | undefined;
    now: number;
  },
): Promise<void> {
  const { assignment, agent, handledThrough, askedThrough, finished, publishedCommit, now } = options;
  remembered.generation = await gateway.saveConversation({
    ifGeneration: remembered.generation,
    state: {
      v: 1,
      sessionKey: assignment.sessionKey,
      epoch: assignment.epoch,
      savedAt: now,
      agent,
      agentSessionId: remembered.memory.sessionId,
      transcript: remembered.memory.transcript,
      handledThrough,
      askedThrough,
      finished,
      ...(publishedCommit === undefined ? {} : { publishedCommit }),
    },
  });
  Object.assign(remembered, { handledThrough, askedThrough, finished, publishedCommit });
}
