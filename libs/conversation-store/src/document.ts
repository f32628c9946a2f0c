import { ConversationState, conversationPathOf, SessionKey } from "@peerbot/contracts";
import { AppError, messageOf } from "@peerbot/runtime";
import { z } from "zod";
import { ConversationUnreadableError } from "./errors.ts";

/** Where a session's conversation lies. Checked here again: a key is only text until something has looked at it. */
export function documentPathOf(session: SessionKey): string {
  const key = SessionKey.safeParse(session);
  if (key.success) return conversationPathOf(key.data);
  throw new AppError(`${JSON.stringify(session)} is not a session key`, { code: "session-key-invalid" });
}

/** Reads stored text as the session's conversation. @throws ConversationUnreadableError. */
export function parseConversation(text: string, session: SessionKey): ConversationState {
  return checkConversation(parseJson(text, session), session);
}

/** @throws ConversationUnreadableError unless the value is a conversation of this session. */
export function checkConversation(value: unknown, session: SessionKey): ConversationState {
  const path = documentPathOf(session);
  const parsed = ConversationState.safeParse(value);
  if (!parsed.success) {
    throw new ConversationUnreadableError(
      path,
      `it is not a conversation (${firstLineOf(z.prettifyError(parsed.error))})`,
    );
  }
  if (parsed.data.sessionKey !== session) {
    throw new ConversationUnreadableError(path, `it is the conversation of ${parsed.data.sessionKey}`);
  }
  return parsed.data;
}

/** @throws ConversationUnreadableError. */
export function parseJson(text: string, session: SessionKey): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConversationUnreadableError(documentPathOf(session), `it is not JSON (${messageOf(cause)})`, { cause });
  }
}

function firstLineOf(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").slice(0, 200);
}
