/** One thing pushed to the app. */
export interface Push {
  kind: "events_api" | "interactive" | "slash_commands";
  payload: Record<string, unknown>;
}

export interface Retry {
  /** 1 for the first repetition. */
  attempt: number;
  reason: string;
}

export interface Outcome {
  /** HTTP status; 200 for a socket acknowledgement; 0 when nothing came back. */
  status: number;
  /** The app asked not to be told again. */
  isFinal: boolean;
  /** Why a repetition would be sent, in Slack's words. */
  reason: string;
  /** What the app answered with: options, a message, view errors. */
  body: unknown;
}

/** Brings pushes to the app. Never throws: an unreachable app is an outcome. */
export interface Transport {
  send(push: Push, retry: Retry | null): Promise<Outcome>;
}

export function isAccepted({ status }: Outcome): boolean {
  return status >= 200 && status < 300;
}
