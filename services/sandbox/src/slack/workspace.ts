import { EventEmitter } from "node:events";
import type { AgentSession, Change, Conversation, Message, Person, StoredFile, View, WorkspaceState } from "./model.ts";
import { SlackFailure } from "./slack-failure.ts";

export type NewMessage = Pick<Message, "channel" | "user" | "text"> & Partial<Message>;

/** The workspace: who is there, what was said. Every change is told through `watch`. Knows nothing of any protocol. */
export class Workspace {
  readonly state: WorkspaceState;
  readonly #now: () => number;
  readonly #changes = new EventEmitter<{ change: [Change] }>();
  readonly #messages = new Map<string, Message>();
  /** Replies by the key of their root. */
  readonly #threads = new Map<string, Message[]>();
  /** Modals and Home tabs, by id; gone after a restart, as an open dialog is after a reload. */
  readonly views = new Map<string, View>();
  /** Ephemerals, which Slack's history never returns. */
  readonly ephemerals: Message[] = [];

  constructor(state: WorkspaceState, now: () => number = Date.now) {
    this.state = state;
    this.#now = now;
    this.#changes.setMaxListeners(0);
    for (const message of state.messages) this.#index(message);
  }

  now(): number {
    return this.#now();
  }

  /** Calls `listener` on every change; call the result to stop. */
  watch(listener: (change: Change) => void): () => void {
    this.#changes.on("change", listener);
    return () => this.#changes.off("change", listener);
  }

  announce(change: Change): void {
    this.#changes.emit("change", change);
  }

  /** A timestamp that was never given out before: message identity within a channel. */
  nextTs(): string {
    const micros = Math.max(this.#now() * 1000, this.state.lastTs + 1);
    this.state.lastTs = micros;
    return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, "0")}`;
  }

  person(id: string): Person | undefined {
    return this.state.people.find((person) => person.id === id);
  }

  /** @throws SlackFailure user_not_found */
  mustBePerson(id: string): Person {
    const person = this.person(id);
    if (person === undefined) throw new SlackFailure("user_not_found");
    return person;
  }

  isBot(user: string): boolean {
    return user === this.state.bot.userId;
  }

  conversation(id: string): Conversation | undefined {
    return this.state.conversations.find((conversation) => conversation.id === id);
  }

  /** A user id names the DM with that user, as it does for chat.postMessage. @throws SlackFailure channel_not_found */
  mustBeConversation(id: string): Conversation {
    const found = this.conversation(id) ?? (this.person(id) ? this.directMessage(id) : undefined);
    if (found === undefined) throw new SlackFailure("channel_not_found");
    return found;
  }

  directMessage(user: string): Conversation | undefined {
    return this.state.conversations.find(
      ({ kind, members }) => kind === "im" && members.includes(user) && !this.isBot(user),
    );
  }

  /** @throws SlackFailure channel_not_found, not_in_channel */
  conversationOfBot(id: string): Conversation {
    const conversation = this.mustBeConversation(id);
    if (!conversation.members.includes(this.state.bot.userId)) throw new SlackFailure("not_in_channel");
    return conversation;
  }

  message(channel: string, ts: string): Message | undefined {
    return this.#messages.get(keyOf({ channel, ts }));
  }

  /** @throws SlackFailure with `code` when there is no such message. */
  mustBeMessage(channel: string, ts: string, code = "message_not_found"): Message {
    const message = this.message(channel, ts);
    if (message === undefined) throw new SlackFailure(code);
    return message;
  }

  ephemeral(channel: string, ts: string): Message | undefined {
    return this.ephemerals.find((message) => message.channel === channel && message.ts === ts);
  }

  /** The channel's messages outside threads, oldest first. */
  roots(channel: string): Message[] {
    return this.state.messages.filter((message) => message.channel === channel && message.threadTs === null);
  }

  /** Replies only, oldest first. */
  replies(channel: string, threadTs: string): Message[] {
    return [...(this.#threads.get(keyOf({ channel, ts: threadTs })) ?? [])];
  }

  /** Adds a message; a reply to a reply lands in the reply's thread, as in Slack. */
  post(fields: NewMessage): Message {
    const message = this.#build(fields);
    this.state.messages.push(message);
    this.#index(message);
    this.#clearStatusText(message);
    this.announce({ type: "posted", message });
    return message;
  }

  postEphemeral(fields: NewMessage & { ephemeralTo: string }): Message {
    const message = this.#build(fields);
    this.ephemerals.push(message);
    this.announce({ type: "ephemeral", message });
    return message;
  }

  /** Changes a message in place and tells everybody. */
  change(message: Message, type: "updated" | "streamed" | "reaction", fields: Partial<Message>): void {
    Object.assign(message, fields);
    this.announce(message.ephemeralTo === null ? { type, message } : { type: "ephemeral", message });
  }

  /** A root that has replies stays as a tombstone, so that its thread stays readable. */
  remove(message: Message): void {
    const pool = message.ephemeralTo === null ? this.state.messages : this.ephemerals;
    const hasReplies = message.threadTs === null && this.replies(message.channel, message.ts).length > 0;
    if (hasReplies) {
      const empty = {
        blocks: [],
        richText: null,
        attachments: [],
        files: [],
        metadata: null,
        markdown: null,
        stream: null,
      };
      this.change(message, "updated", { ...empty, subtype: "tombstone", text: "This message was deleted." });
      return;
    }
    takeOut(pool, message);
    if (message.ephemeralTo === null) this.#messages.delete(keyOf(message));
    if (message.threadTs !== null) takeOut(this.#threads.get(rootKeyOf(message)) ?? [], message);
    this.announce({ type: "deleted", message });
  }

  session(channel: string, threadTs: string): AgentSession | undefined {
    return this.state.sessions.find((session) => session.channel === channel && session.threadTs === threadTs);
  }

  changeSession(channel: string, threadTs: string, fields: Partial<AgentSession>): AgentSession {
    let session = this.session(channel, threadTs);
    if (session === undefined) {
      const unset = {
        status: null,
        title: null,
        initiator: null,
        statusText: "",
        loadingMessages: [],
        statusTextUntil: 0,
      };
      session = { channel, threadTs, ...unset };
      this.state.sessions.push(session);
    }
    Object.assign(session, fields);
    this.announce({ type: "session", session });
    return session;
  }

  /** What the app published to this user's Home tab. */
  homeOf(user: string): View | undefined {
    return [...this.views.values()].find((view) => view.kind === "home" && view.user === user);
  }

  file(id: string): StoredFile | undefined {
    return this.state.files.find((file) => file.id === id);
  }

  #index(message: Message): void {
    this.#messages.set(keyOf(message), message);
    if (message.threadTs === null) return;
    const key = rootKeyOf(message);
    const replies = this.#threads.get(key);
    if (replies === undefined) this.#threads.set(key, [message]);
    else replies.push(message);
  }

  #build(fields: NewMessage): Message {
    const parent = fields.threadTs == null ? undefined : this.message(fields.channel, fields.threadTs);
    return {
      ts: this.nextTs(),
      team: this.person(fields.user)?.team ?? this.state.team.id,
      subtype: null,
      markdown: null,
      blocks: [],
      richText: null,
      attachments: [],
      metadata: null,
      reactions: [],
      files: [],
      edited: null,
      clientMsgId: null,
      username: null,
      stream: null,
      ephemeralTo: null,
      ...fields,
      threadTs: parent?.threadTs ?? fields.threadTs ?? null,
    };
  }

  /** Slack drops the "is thinking…" line as soon as the app says something. */
  #clearStatusText({ channel, threadTs, user }: Message): void {
    if (threadTs === null || !this.isBot(user)) return;
    const session = this.session(channel, threadTs);
    if (session !== undefined && session.statusText !== "") {
      this.changeSession(channel, threadTs, { statusText: "", loadingMessages: [] });
    }
  }
}

function keyOf({ channel, ts }: { channel: string; ts: string }): string {
  return `${channel}:${ts}`;
}

function rootKeyOf({ channel, ts, threadTs }: Message): string {
  return keyOf({ channel, ts: threadTs ?? ts });
}

function takeOut(pool: Message[], message: Message): void {
  const index = pool.indexOf(message);
  if (index >= 0) pool.splice(index, 1);
}
