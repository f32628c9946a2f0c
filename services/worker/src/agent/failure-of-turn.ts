import type { Failure } from "@peerbot/contracts";

/** How a turn of the agent went wrong, as far as the agent could tell. */
export interface AgentTrouble {
  subtype?: string;
  /** HTTP status the model's API answered with. */
  apiStatus?: number | null;
  /** In the agent's words. */
  text: string;
}

const KEPT = "What was done so far is kept.";

/** What people are told about a failed turn. */
export function failureOfTurn({ subtype, apiStatus, text }: AgentTrouble): Failure {
  if (subtype === "error_max_turns") {
    return fail("turn-limit", "I reached the limit of steps for one request.", `${KEPT} Say “continue” to go on.`);
  }
  if (subtype === "error_max_budget_usd") {
    return fail("budget-limit", "I reached the cost limit of one request.", `${KEPT} Say “continue” to go on.`);
  }
  if (typeof apiStatus === "number") return failureOfStatus(apiStatus, text);
  if (/ECONNREFUSED|ECONNRESET|ENOTFOUND|Connection error|fetch failed|Unable to connect/i.test(text)) {
    return fail("model-unreachable", "The model could not be reached.", "Try again in a few minutes.");
  }
  if (/prompt is too long|context window/i.test(text)) {
    return fail("conversation-too-long", "This conversation is too long for the model.", "Start a new thread.");
  }
  return fail("agent-failed", `The agent broke off: ${firstLine(text)}`, `${KEPT} Try again.`);
}

function failureOfStatus(status: number, text: string): Failure {
  if (status === 401 || status === 403) {
    return fail(
      "model-unauthorized",
      "The model's API refused our key.",
      "An administrator has to check ANTHROPIC_API_KEY.",
    );
  }
  if (status === 429 || status === 529 || status === 503) {
    return fail("model-overloaded", "The model is overloaded and stayed so.", "Try again in a few minutes.");
  }
  if (status === 404) {
    return fail("model-not-found", "The model is not known to the API.", "An administrator has to check MODEL.");
  }
  if (status >= 500) return fail("model-error", `The model's API failed (${status}).`, "Try again in a few minutes.");
  return fail("model-refused", `The model's API refused the request: ${firstLine(text)}`, "Try to say it differently.");
}

function fail(code: string, message: string, hint: string): Failure {
  return { code, message, hint };
}

function firstLine(text: string): string {
  const line = text.split("\n").find((one) => one.trim() !== "") ?? "it gave no reason";
  return line.trim().slice(0, 300);
}
