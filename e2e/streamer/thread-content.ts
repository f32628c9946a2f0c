import type { Thread, ThreadMessage } from "../../services/sandbox/src/index.ts";

/** A thread as a reader takes it in, however its messages came to be: streamed, posted or edited. */
export interface ThreadContent {
  messages: MessageContent[];
  reactions: string[];
  status: string | undefined;
}

export interface MessageContent {
  part: string;
  text: string;
  title: string | undefined;
  rows: string[];
  buttons: string[];
  isStreaming: boolean;
}

export function contentOf(thread: Thread): ThreadContent {
  return {
    messages: thread.messages.filter(({ isBot }) => isBot).map((message) => messageContent(message)),
    reactions: thread.messages.flatMap(({ reactions }) => reactions.map(({ name, count }) => `${name} ${count}`)),
    status: thread.session?.status ?? undefined,
  };
}

function messageContent(message: ThreadMessage): MessageContent {
  const plan = message.blocks.find(({ type }) => type === "plan");
  const markdown = message.blocks.find(({ type }) => type === "markdown");
  const tasks = message.stream?.tasks ?? (Array.isArray(plan?.tasks) ? plan.tasks : []);
  const isProgress = message.stream !== null || plan !== undefined || markdown !== undefined;
  const text = message.stream !== null || !isProgress ? message.text : String(markdown?.text ?? "");
  return {
    part: isProgress ? "progress" : String(message.metadata?.event_payload.part ?? "?"),
    // Keys and branches differ from session to session.
    text: text.replaceAll(/[a-z0-9]+-\d{16}-[a-z2-7]{6}/g, "KEY"),
    title: message.stream?.planTitle ?? (typeof plan?.title === "string" ? plan.title : undefined),
    rows: tasks.map((task) => `${task.status} ${task.title}`),
    buttons: buttonsOf(message).map(({ id }) => id),
    isStreaming: message.stream?.state === "in_progress",
  };
}

/** The buttons of a message with what they carry. */
export function buttonsOf(message: Pick<ThreadMessage, "blocks"> | undefined) {
  return (message?.blocks ?? []).flatMap((block) =>
    Array.isArray(block.elements) && block.type === "actions"
      ? block.elements.map((button) => ({
          id: String(button.action_id),
          label: String(button.text.text),
          value: String(button.value ?? button.url),
        }))
      : [],
  );
}
