/**
 * Turns the pieces of the model's texts into one answer that only grows: a paragraph between two texts, and nothing
 * twice when an answer that broke off is given again from its beginning.
 */
export interface AnswerText {
  /** The last text that was given whole. */
  readonly last: string;
  /** More of the current text; returns what is to be shown now. */
  add(piece: string): string;
  /** The current text ends. */
  end(): void;
  /** The message that the texts stood in is whole. */
  finish(): void;
  /** The message broke off; it may come again. */
  abandon(): void;
}

export function createAnswerText(): AnswerText {
  let last = "";
  let abandoned = "";
  let current = "";
  let ended = "";
  let shown = 0;
  let tail = "";

  return {
    get last() {
      return last;
    },
    add(piece) {
      current += piece;
      if (abandoned.startsWith(current)) return "";
      // Beyond what was shown before it broke off only the rest is new; a different text is new from its beginning.
      if (abandoned !== "" && current.startsWith(abandoned)) shown = abandoned.length;
      abandoned = "";
      const isParagraph = shown === 0 && tail !== "" && !tail.endsWith("\n\n");
      const text = `${isParagraph ? "\n\n" : ""}${current.slice(shown)}`;
      shown = current.length;
      tail = (tail + text).slice(-2);
      return text;
    },
    end() {
      if (current !== "") ended = current;
      current = "";
      shown = 0;
    },
    finish() {
      if (ended !== "") last = ended;
      ended = "";
      abandoned = "";
    },
    abandon() {
      // A text that breaks off is ended all the same, before its message is given up.
      const received = current === "" ? ended : current;
      if (received.length > abandoned.length) abandoned = received;
      current = "";
      ended = "";
      shown = 0;
    },
  };
}
