import { plainText, renderMessage, renderTask, renderThread } from "./render-thread.ts";
import type { ThreadView } from "./thread-view.ts";

/** Shows a thread while it changes. */
export interface Screen {
  show(view: ThreadView): void;
}

export interface ScreenOptions {
  /** `ts` of the first message that is shown. */
  fromTs: string;
  /** Names of people by id. */
  names: ReadonlyMap<string, string>;
}

/** What a screen needs of a terminal. */
export interface Terminal {
  columns: number;
  rows: number;
  write(text: string): unknown;
}

/** Redraws in place: rows of the plan change, the answer grows. What has scrolled out of sight stays as it was. */
export function createTerminalScreen(terminal: Terminal, { fromTs, names }: ScreenOptions): Screen {
  const isColored = process.env.NO_COLOR === undefined;
  let drawn: string[] = [];
  return {
    show(view) {
      const lines = renderThread(view, fromTs, { isColored, columns: terminal.columns, names });
      const firstChange = drawn.findIndex((line, index) => line !== lines[index]);
      const firstVisible = Math.max(0, drawn.length - terminal.rows + 1);
      const from = Math.max(firstChange === -1 ? drawn.length : firstChange, firstVisible);
      if (from === drawn.length && lines.length <= drawn.length) return;
      if (drawn.length > from) terminal.write(`\u001b[${drawn.length - from}A\u001b[0J`);
      terminal.write(
        lines
          .slice(from)
          .map((line) => `${line}\n`)
          .join(""),
      );
      drawn = lines;
    },
  };
}

/** For logs and pipes: each thing once, when it has become what it stays. */
export function createPlainScreen(output: Pick<Terminal, "write">, { fromTs, names }: ScreenOptions): Screen {
  const options = { isColored: false, columns: 120, names };
  const shown = new Set<string>();
  const once = (identity: string, lines: readonly string[]) => {
    if (shown.has(identity)) return;
    shown.add(identity);
    output.write(lines.map((line) => `${line}\n`).join(""));
  };
  return {
    show(view) {
      const messages = view.messages.filter(({ ts }) => ts >= fromTs);
      for (const message of messages) {
        for (const task of message.stream?.tasks ?? []) {
          if (task.status === "complete" || task.status === "error") {
            once(`${message.ts} ${task.id} ${task.status}`, [renderTask(task, options)]);
          }
        }
        // Its words are complete once something follows it, though its stream is ended only later.
        const isGrowing = message.stream?.state === "in_progress" && message === messages.at(-1);
        const words = plainText(message, names);
        if (!isGrowing && words !== "")
          once(`${message.ts} ${words}`, renderMessage({ ...message, stream: null }, options));
      }
    },
  };
}
