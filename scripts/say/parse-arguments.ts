import { parseArgs } from "node:util";

export interface SayArguments {
  text: string;
  /** Name or id of the person who speaks. */
  user: string;
  channel: string;
  /** `ts` of the thread to reply in; a new thread unless given. */
  thread?: string;
  isJson: boolean;
  timeoutSeconds: number;
}

export const HELP = `Says something in the sandbox's Slack and follows the thread to its end.

  npm run say -- "@peerbot create hello.txt saying hi"
  npm run say -- --thread 1700000000.000100 "now in French"

  --user NAME       who says it: ada (default), grace, linus, …
  --channel NAME    where: dev (default), general, …; @ada is ada's direct message with the bot
  --thread TS       reply in this thread instead of starting one
  --timeout SECONDS how long to follow, 600 unless told
  --json            print one JSON document at the end on stdout (the thread goes to stderr)
  --help            this text

Exit code: 0 when the run succeeded; 1 when it failed, was stopped or took too long; 2 when nothing could be asked
(no sandbox, wrong options). The sandbox is found through SANDBOX_URL or a running "npm run dev".
`;

/** The arguments of `say`, or the wish for help. @throws with a sentence about what is wrong. */
export function parseArguments(parameters: readonly string[]): SayArguments | "help" {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: {
      user: { type: "string", default: "ada" },
      channel: { type: "string", default: "dev" },
      thread: { type: "string" },
      timeout: { type: "string", default: "600" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const text = positionals.join(" ");
  if (text.trim() === "") throw new Error('Say what to say: npm run say -- "@peerbot create hello.txt saying hi"');
  const timeoutSeconds = Number(values.timeout);
  if (!Number.isFinite(timeoutSeconds) || timeoutSeconds <= 0) throw new Error("--timeout must be a number of seconds");
  if (values.thread !== undefined && !/^\d{10}\.\d{6}$/.test(values.thread)) {
    throw new Error("--thread must be the ts of a thread, such as 1700000000.000100");
  }
  return {
    text,
    user: values.user,
    channel: values.channel,
    isJson: values.json,
    timeoutSeconds,
    ...(values.thread === undefined ? {} : { thread: values.thread }),
  };
}
