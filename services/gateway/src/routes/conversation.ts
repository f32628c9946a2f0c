import {
  type ConversationPage,
  ConversationSave,
  type ConversationSaved,
  type RunTokenClaims,
} from "@peerbot/contracts";
import { ConversationConflictError, type ConversationStore } from "@peerbot/conversation-store";
import { faultPoint } from "@peerbot/runtime";
import type { SessionRuns } from "@peerbot/session-log";
import type { FastifyInstance } from "fastify";
import type { z } from "zod";
import { checkLive, claimsOf, refuseFenced } from "../authenticate.ts";
import type { BusinessEvents } from "../business-events.ts";
import { badRequest, fenced, GatewayFailure } from "../gateway-failure.ts";
import type { GatewayMetrics } from "../metrics.ts";

const MAX_CONVERSATION_BYTES = 32 * 1024 * 1024;

export interface ConversationPorts {
  runs: Pick<SessionRuns, "check">;
  conversations: ConversationStore;
  metrics: GatewayMetrics;
  log: BusinessEvents;
}

/** GET and PUT /v1/conversation: what the session remembers, read and written whole. */
export function addConversationRoutes(scope: FastifyInstance, ports: ConversationPorts): void {
  const onRequest = refuseFenced(ports.runs);
  // A transcript may hold any key as data, `__proto__` as well; nothing here merges it into another object.
  scope.removeContentTypeParser("application/json");
  scope.addContentTypeParser("application/json", { parseAs: "string" }, scope.getDefaultJsonParser("ignore", "ignore"));

  scope.get("/conversation", { onRequest }, async (request): Promise<ConversationPage> => {
    const { sessionKey, epoch } = claimsOf(request);
    const saved = await ports.conversations.load(sessionKey);
    if (saved === undefined) return { generation: null, state: null };
    if (saved.state.epoch > epoch) throw fenced();
    return saved;
  });

  scope.put("/conversation", { onRequest, bodyLimit: MAX_CONVERSATION_BYTES }, async (request) => {
    const claims = claimsOf(request);
    try {
      const { generation } = await save(ports, claims, ConversationSave.parse(request.body));
      ports.metrics.conversationSaves.inc({ result: "saved" });
      ports.log.conversationSaved(claims, generation);
      return { generation };
    } catch (error) {
      ports.metrics.conversationSaves.inc({ result: resultOf(error) });
      throw error;
    }
  });
}

async function save(
  { runs, conversations }: Pick<ConversationPorts, "runs" | "conversations">,
  { sessionKey, epoch }: RunTokenClaims,
  { state, ifGeneration }: ConversationSave,
): Promise<z.infer<typeof ConversationSaved>> {
  if (state.sessionKey !== sessionKey) {
    throw new GatewayFailure(403, "this token saves the conversation of its own session only", { code: "token-scope" });
  }
  if (state.epoch !== epoch) throw badRequest(`state.epoch: must be ${epoch}, the epoch of the run that saves`);
  // The epoch in the store outlives Redis: it also refuses a run that a restored, older Redis takes for the latest.
  const stored = await conversations.load(sessionKey);
  if (stored !== undefined && stored.state.epoch > epoch) throw fenced();
  // Reading a large body and a slow store takes its time; a newer run may have begun meanwhile.
  await checkLive(runs, { sessionKey, epoch });
  await faultPoint("gateway.before-conversation-save");
  const saved = await conversations.save(state, { ifGeneration });
  await faultPoint("gateway.after-conversation-save");
  return saved;
}

function resultOf(error: unknown): "conflict" | "fenced" | "refused" | "failed" {
  if (error instanceof ConversationConflictError) return "conflict";
  if (error instanceof GatewayFailure) return error.code === "fenced" ? "fenced" : "refused";
  return error instanceof Error && error.name === "ZodError" ? "refused" : "failed";
}
