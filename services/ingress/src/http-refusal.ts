/** A request that gets an answer other than 200: what to say, and with which status. */
export class HttpRefusal extends Error {
  readonly status: number;
  readonly code: string;
  /** Slack does not send it again. */
  readonly isFinal: boolean;

  constructor(status: number, code: string, message: string, { isFinal = false }: { isFinal?: boolean } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.isFinal = isFinal;
  }
}
