import { join } from "node:path";
import { WriteStream } from "node:tty";
import { sessionKeyOf } from "@peerbot/contracts";
import { messageOf } from "@peerbot/runtime";
import { followThread } from "./say/follow-thread.ts";
import { HELP, parseArguments, type SayArguments } from "./say/parse-arguments.ts";
import { isSuccess, reportOf, type SayReport, summaryOf } from "./say/report.ts";
import { createSandboxClient, SandboxAwayError, type SandboxClient } from "./say/sandbox-client.ts";
import { createPlainScreen, createTerminalScreen, type Screen, type ScreenOptions } from "./say/screen.ts";
import { closingsOf, viewOf } from "./say/thread-view.ts";
import { findRunningStack } from "./stack/stack-file.ts";

const EXIT_FAILED_RUN = 1;
const EXIT_NOT_ASKED = 2;

process.exitCode = await say(process.argv.slice(2));

async function say(parameters: readonly string[]): Promise<number> {
  try {
    const wish = parseArguments(parameters);
    if (wish === "help") {
      process.stdout.write(HELP);
      return 0;
    }
    const report = await sayAndFollow(createSandboxClient(await findSandbox()), wish);
    process.stdout.write(wish.isJson ? `${JSON.stringify(report)}\n` : `\n${summaryOf(report)}\n`);
    return isSuccess(report) ? 0 : EXIT_FAILED_RUN;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return EXIT_NOT_ASKED;
  }
}

/** @throws when no sandbox is known. */
async function findSandbox(): Promise<string> {
  const told = process.env.SANDBOX_URL;
  if (told !== undefined && told !== "") return told.replace(/\/+$/, "");
  const stack = await findRunningStack(join(import.meta.dirname, "../.cache/dev"));
  if (stack?.sandboxUrl !== undefined) return stack.sandboxUrl;
  throw new SandboxAwayError(
    "There is no sandbox to say it in: start one with  npm run dev  in another terminal and wait until it is ready, " +
      "or set SANDBOX_URL.",
  );
}

async function sayAndFollow(client: SandboxClient, wish: SayArguments): Promise<SayReport> {
  const { team, users } = await client.state();
  const names = new Map(users.map(({ id, name }) => [id, name]));
  const knownClosings = await closingsBefore(client, wish);
  const askedAt = Date.now();
  const { channel, threadTs, ts } = await client.post({
    user: wish.user,
    channel: wish.channel,
    text: wish.text,
    ...(wish.thread === undefined ? {} : { threadTs: wish.thread }),
  });
  const screen = screenFor(wish, { fromTs: ts, names });
  const end = await followThread({
    client,
    thread: { channel, threadTs, readerId: users.find(({ id, name }) => [id, name].includes(wish.user))?.id },
    askedTs: ts,
    knownClosings,
    timeoutMs: wish.timeoutSeconds * 1000,
    onView: (view) => screen.show(view),
  });
  const endedAt = Date.now();
  const sessionKey = sessionKeyOf({ team: team.id, channel, threadTs });
  const ledger = await client.ledger({ channel, threadTs });
  const modelRequestTimes = await client.modelRequestTimes(sessionKey);
  return reportOf({ sessionKey, threadTs, end, askedAt, endedAt, ledger, modelRequestTimes, names });
}

/** What closed earlier runs of the thread, so that the new run's end is told from them. */
async function closingsBefore(client: SandboxClient, { channel, thread }: SayArguments): Promise<ReadonlySet<string>> {
  if (thread === undefined) return new Set();
  const view = viewOf(await client.thread({ channel, threadTs: thread }));
  return new Set(closingsOf(view).map(({ ts }) => ts));
}

/** With `--json`, stdout is for the document alone. */
function screenFor({ isJson }: SayArguments, options: ScreenOptions): Screen {
  const output = isJson ? process.stderr : process.stdout;
  const isTerminal = output instanceof WriteStream && output.isTTY;
  return isTerminal ? createTerminalScreen(output, options) : createPlainScreen(output, options);
}
