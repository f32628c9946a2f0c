import { styleText } from "node:util";
import type { StreamTask, ThreadMessage } from "@peerbot/sandbox/control";
import type { ThreadView } from "./thread-view.ts";

type Style = Parameters<typeof styleText>[0];

export interface RenderOptions {
  isColored: boolean;
  /** Width of the terminal in characters; longer lines are wrapped. */
  columns: number;
  /** Names of people by id, for mentions. */
  names: ReadonlyMap<string, string>;
}

const TASK_MARKS: Readonly<Record<StreamTask["status"], { mark: string; style: Style }>> = {
  pending: { mark: "○", style: "gray" },
  in_progress: { mark: "◐", style: "yellow" },
  complete: { mark: "●", style: "green" },
  error: { mark: "✗", style: "red" },
};

/** The thread from one message on, as the lines of a terminal. */
export function renderThread(view: ThreadView, fromTs: string, options: RenderOptions): string[] {
  const blocks = view.messages.filter(({ ts }) => ts >= fromTs).map((message) => renderMessage(message, options));
  const status = view.session?.statusText ?? "";
  if (status !== "") blocks.push([paint(options, "gray", `  ${status}`)]);
  return blocks.flat();
}

/** One message: who, then the rows of its plan, then its words. */
export function renderMessage(message: ThreadMessage, options: RenderOptions): string[] {
  const name = paint(options, message.isBot ? "cyan" : "bold", message.userName);
  const tasks = message.stream?.tasks ?? [];
  const title = message.stream?.planTitle ?? "";
  const words = plainText(message, options.names);
  return [
    `${name}${message.ephemeralTo === null ? "" : paint(options, "gray", " (only you can see this)")}`,
    ...(title === "" ? [] : [`  ${paint(options, "bold", title)}`]),
    ...tasks.map((task) => renderTask(task, options)),
    ...(words === ""
      ? []
      : words.split("\n").flatMap((line) => wrap(line, options.columns - 2).map((part) => `  ${part}`))),
  ];
}

export function renderTask(task: StreamTask, options: RenderOptions): string {
  const { mark, style } = TASK_MARKS[task.status];
  const room = Math.max(10, options.columns - 6);
  const title = task.title.length > room ? `${task.title.slice(0, room - 1)}…` : task.title;
  return `  ${paint(options, style, mark)} ${title}`;
}

/** Slack's wire text as one reads it: mentions by name, links by their words, escapes undone. */
export function plainText({ text }: Pick<ThreadMessage, "text">, names: ReadonlyMap<string, string>): string {
  return text
    .replaceAll(/<@([A-Z0-9]+)(?:\|[^<>]*)?>/g, (_mention, id: string) => `@${names.get(id) ?? id}`)
    .replaceAll(/<([^<>|]+)\|([^<>]*)>/g, (_link, target: string, label: string) =>
      /^https?:/.test(target) ? `${label} (${target})` : label,
    )
    .replaceAll(/<((?:https?|mailto):[^<>]+)>/g, "$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .trimEnd();
}

function wrap(line: string, width: number): string[] {
  const room = Math.max(20, width);
  const parts: string[] = [];
  let rest = line;
  while (rest.length > room) {
    const space = rest.lastIndexOf(" ", room);
    const cut = space > 0 ? space : room;
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
  return [...parts, rest];
}

function paint({ isColored }: RenderOptions, style: Style, text: string): string {
  return isColored ? styleText(style, text, { validateStream: false }) : text;
}
