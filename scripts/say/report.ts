import type { Ledger } from "@peerbot/sandbox/control";
import type { FollowEnd } from "./follow-thread.ts";
import { plainText } from "./render-thread.ts";

/** What `say --json` prints. Durations in seconds, null where they do not apply. */
export interface SayReport {
  /** Outcome of the run (`completed`, `no-changes`, `failed`, `stopped`, `saved`), else `refused` or `timeout`. */
  state: string;
  sessionKey: string;
  /** `ts` of the thread, fit for `--thread`. */
  thread: string;
  branch: string | null;
  commit: string | null;
  pullRequest: { number: number; url: string } | null;
  messages: { ts: string; user: string; isBot: boolean; text: string }[];
  durations: { firstSign: number | null; firstModelRequest: number | null; total: number };
}

export interface ReportInput {
  sessionKey: string;
  threadTs: string;
  end: FollowEnd;
  /** Milliseconds since 1970. */
  askedAt: number;
  endedAt: number;
  ledger: Ledger;
  modelRequestTimes: readonly number[];
  /** Names of people by id. */
  names: ReadonlyMap<string, string>;
}

/** Puts together what became of a message. */
export function reportOf({
  sessionKey,
  threadTs,
  end,
  askedAt,
  endedAt,
  ledger,
  modelRequestTimes,
  names,
}: ReportInput): SayReport {
  const closing = end.state === "closed" ? end.closing : undefined;
  const after = (times: readonly number[]) => times.find((at) => at >= askedAt);
  const seconds = (at: number | undefined) => (at === undefined ? null : Math.round(at - askedAt) / 1000);
  return {
    state: closing?.outcome ?? end.state,
    sessionKey,
    thread: threadTs,
    branch: closing?.branch ?? null,
    commit: closing?.commit ?? null,
    pullRequest: closing?.pullRequest ?? null,
    messages: end.view.messages.map((message) => ({
      ts: message.ts,
      user: message.userName,
      isBot: message.isBot,
      text: plainText(message, names),
    })),
    durations: {
      firstSign: seconds(after(firstSigns(ledger))),
      firstModelRequest: seconds(after(modelRequestTimes)),
      total: Math.round(endedAt - askedAt) / 1000,
    },
  };
}

/** When the app did something a person sees in the thread. */
function firstSigns({ calls }: Ledger): number[] {
  return calls.filter(({ method, response }) => isVisible(method) && response.ok === true).map(({ at }) => at);
}

function isVisible(method: string): boolean {
  return /^(chat\.(post|startStream|update|appendStream)|reactions\.add|assistant\.threads\.setStatus|agents\.sessions\.setStatus)/.test(
    method,
  );
}

/** Whether what was asked for was done. */
export function isSuccess({ state }: SayReport): boolean {
  return state === "completed" || state === "no-changes";
}

/** The last line for people. */
export function summaryOf(report: SayReport): string {
  const facts = [
    ...(report.branch === null ? [] : [`branch ${report.branch}`]),
    ...(report.commit === null ? [] : [`commit ${report.commit.slice(0, 10)}`]),
    ...(report.pullRequest === null ? [] : [`pull request #${report.pullRequest.number} ${report.pullRequest.url}`]),
    `thread ${report.thread}`,
    `${report.durations.total.toFixed(1)} s`,
  ];
  return `${report.state}: ${facts.join(" · ")}`;
}
