/** A call Slack answers with `{"ok":false,"error":code}`. `details` are merged into the answer. */
export class SlackFailure extends Error {
  readonly code: string;
  readonly details: Record<string, unknown>;

  constructor(code: string, details: Record<string, unknown> = {}) {
    super(code);
    this.name = "SlackFailure";
    this.code = code;
    this.details = details;
  }
}

/** The failure with Slack's explanations in `response_metadata.messages`. */
export function explainedFailure(code: string, messages: readonly string[]): SlackFailure {
  return new SlackFailure(code, { response_metadata: { messages: messages.map((message) => `[ERROR] ${message}`) } });
}
