import type { Block, StreamPart, StreamTask } from "../control/thread-message.ts";

export type { Block, StreamPart, StreamTask };

export interface Team {
  id: string;
  name: string;
  domain: string;
}

export interface Person {
  id: string;
  team: string;
  name: string;
  realName: string;
  displayName: string;
  email: string | null;
  isBot: boolean;
}

export interface Conversation {
  id: string;
  name: string;
  kind: "channel" | "im";
  members: string[];
  isShared: boolean;
  createdAt: number;
}

export interface Metadata {
  event_type: string;
  event_payload: Record<string, unknown>;
}

/** A stream's content as Slack keeps it. */
export interface Stream {
  state: "in_progress" | "completed" | "errored";
  displayMode: "plan" | "timeline";
  /** Set by the first content; mixing afterwards is `streaming_mode_mismatch`. */
  mode: "text" | "chunks" | null;
  planTitle: string | null;
  tasks: StreamTask[];
  parts: StreamPart[];
  startedAt: number;
  recipient: string | null;
}

export interface StoredFile {
  id: string;
  name: string;
  title: string;
  mimetype: string;
  size: number;
  user: string;
  createdAt: number;
}

export interface Message {
  channel: string;
  ts: string;
  threadTs: string | null;
  user: string;
  team: string;
  subtype: string | null;
  text: string;
  markdown: string | null;
  blocks: Block[];
  /** Slack's own rendition of what a person typed. */
  richText: Block | null;
  attachments: Record<string, unknown>[];
  metadata: Metadata | null;
  reactions: { name: string; users: string[] }[];
  files: string[];
  edited: { user: string; ts: string } | null;
  clientMsgId: string | null;
  username: string | null;
  stream: Stream | null;
  ephemeralTo: string | null;
}

export interface AgentSession {
  channel: string;
  threadTs: string;
  status: "active" | "processing" | "suspended" | "closed" | null;
  title: string | null;
  initiator: string | null;
  statusText: string;
  loadingMessages: string[];
  /** When `statusText` clears itself, in milliseconds since the epoch. */
  statusTextUntil: number;
}

export interface View {
  id: string;
  user: string;
  kind: "modal" | "home";
  hash: string;
  /** The view as the app sent it. */
  body: Record<string, unknown> & { blocks: Block[] };
}

/** Everything the workspace remembers; plain data, so that it can be saved as it is. */
export interface WorkspaceState {
  team: Team;
  bot: { userId: string; botId: string; appId: string };
  people: Person[];
  conversations: Conversation[];
  messages: Message[];
  sessions: AgentSession[];
  files: StoredFile[];
  lastTs: number;
}

/** What just happened in the workspace, told to whoever watches. */
export type Change =
  | { type: "posted" | "updated" | "streamed" | "reaction" | "ephemeral"; message: Message }
  | { type: "deleted"; message: Message }
  | { type: "session"; session: AgentSession }
  | { type: "view"; view: View; closed: boolean };
