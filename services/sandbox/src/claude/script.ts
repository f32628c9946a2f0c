import { bash, edit, type Fault, quoteForShell, read, type Step, write } from "./step.ts";

/*
 * The script language: what a test or a curious person writes into a message to make the model do exactly this.
 *
 *   script:                              one statement per line, up to an empty line or the end;
 *   write hello.txt | hi                 or on one line:  script: write hello.txt | hi ;; say Done
 *   bash cat hello.txt                   or fenced:       ```script … ```
 *
 *   write PATH | CONTENT      Write tool; \n in CONTENT is a new line
 *   append PATH | CONTENT     adds to the file's end, by Bash
 *   edit PATH | OLD | NEW     Read, then Edit
 *   read PATH                 Read tool
 *   bash COMMAND              Bash tool
 *   tool NAME {JSON}          any tool with this input
 *   say TEXT                  text, streamed
 *   count WORD FROM-TO        says WORD-FROM to WORD-TO, so that a missing or doubled piece of text can be seen
 *   think TEXT                a thinking block
 *   ask QUESTION              says it and ends the turn
 *   pace MS                   milliseconds between two pieces of the texts that follow in this reply
 *   wait MS                   does nothing for a while
 *   error STATUS [xN] [retry-after=S]   answers with this HTTP status, N times or, without xN, every time
 *   break [xN]                sends an SSE error event here, N times (1 when left out)
 *   cut [xN]                  destroys the connection here, N times (1 when left out)
 *   expect TEXT               the request must contain TEXT, else it is refused with 400
 *   quiet                     leaves out the closing line of this turn
 *
 * A tool call ends a reply; `error` must be the first thing in its reply, since a status cannot follow text.
 */

export type ParsedScript = { ok: true; steps: Step[] } | { ok: false; problem: string };

const FENCED = /```script[ \t]*\n([\s\S]*?)(?:\n```|$)/g;
const BLOCK = /^script:[ \t]*(.*(?:\n(?!\s*$).*)*)/gim;

/** The scripts in a text as one, parsed: messages that reach the model together are played one after the other. */
export function scriptIn(text: string): ParsedScript | undefined {
  const fenced = [...text.matchAll(FENCED)];
  const sources = fenced.length > 0 ? fenced : [...text.matchAll(BLOCK)];
  return sources.length === 0 ? undefined : parseScript(sources.map(([, source]) => source).join("\n"));
}

/** Statements separated by line breaks or `;;`. The problem names the statement and what is expected. */
export function parseScript(source: string): ParsedScript {
  const steps: Step[] = [];
  let isReplyBegun = false;
  const statements = source.split(/\n|;;/).map((line) => line.trim());
  for (const statement of statements.filter((line) => line !== "")) {
    const parsed = parseStatement(statement);
    if (typeof parsed === "string") return { ok: false, problem: `“${statement}”: ${parsed}` };
    for (const step of parsed) {
      if (isStatus(step) && isReplyBegun)
        return { ok: false, problem: `“${statement}”: must be the first thing in its reply` };
      isReplyBegun = step.do === "call" ? false : isReplyBegun || step.do === "say" || step.do === "think";
      steps.push(step);
    }
  }
  if (steps.length === 0) return { ok: false, problem: "the script is empty" };
  return { ok: true, steps };
}

/** The steps of one statement, or what is wrong with it. */
function parseStatement(statement: string): Step[] | string {
  const [, verb = "", rest = ""] = /^(\S+)\s*([\s\S]*)$/.exec(statement) ?? [];
  switch (verb) {
    case "write":
      return withParts(rest, 2, "write PATH | CONTENT", ([path = "", content = ""]) => [write(path, `${content}\n`)]);
    case "append":
      return withParts(rest, 2, "append PATH | CONTENT", ([path = "", content = ""]) => [appendTo(path, content)]);
    case "edit":
      return withParts(rest, 3, "edit PATH | OLD | NEW", ([path = "", before = "", after = ""]) => [
        read(path),
        edit(path, before, after),
      ]);
    case "read":
      return rest === "" ? "expected read PATH" : [read(rest)];
    case "bash":
      return rest === "" ? "expected bash COMMAND" : [bash(rest)];
    case "tool":
      return parseTool(rest);
    case "say":
      return rest === "" ? "expected say TEXT" : [{ do: "say", text: `${withLineBreaks(rest)}\n\n` }];
    case "count":
      return parseCount(rest);
    case "think":
      return rest === "" ? "expected think TEXT" : [{ do: "think", text: withLineBreaks(rest) }];
    case "ask":
      return rest === ""
        ? "expected ask QUESTION"
        : [{ do: "say", text: `${withLineBreaks(rest)}\n\n` }, { do: "stop" }];
    case "expect":
      return rest === "" ? "expected expect TEXT" : [{ do: "expect", text: withLineBreaks(rest) }];
    case "wait":
    case "pace":
      return /^\d{1,6}$/.test(rest) ? [{ do: verb, ms: Number(rest) }] : `expected ${verb} MILLISECONDS`;
    case "error":
      return parseError(rest);
    case "break":
      return parseTimes(rest, { kind: "stream-error" }, "break [xN]");
    case "cut":
      return parseTimes(rest, { kind: "cut" }, "cut [xN]");
    case "quiet":
      return rest === "" ? [{ do: "quiet" }] : "takes nothing after it";
    default:
      return "is no statement; there are write, append, edit, read, bash, tool, say, count, think, ask, pace, wait, error, break, cut, expect, quiet";
  }
}

function isStatus(step: Step): boolean {
  return step.do === "fault" && step.fault.kind === "status";
}

/** Adds text to a file's end without reading it. */
export function appendTo(path: string, content: string) {
  return bash(`printf '%s\\n' ${quoteForShell(content)} >> ${quoteForShell(path)}`, `Append to ${path}`);
}

function withParts(rest: string, count: number, usage: string, build: (parts: string[]) => Step[]): Step[] | string {
  const parts = rest.split(" | ").map((part) => part.trim());
  if (parts.length < count || parts[0] === "") return `expected ${usage}`;
  const last = parts.slice(count - 1).join(" | ");
  return build([...parts.slice(0, count - 1), last].map(withLineBreaks));
}

function parseTool(rest: string): Step[] | string {
  const [, tool, json] = /^(\w+)\s+(\{[\s\S]*\})$/.exec(rest) ?? [];
  if (tool === undefined || json === undefined) return "expected tool NAME {JSON}";
  try {
    return [{ do: "call", tool, input: JSON.parse(json) }];
  } catch {
    return "the input is not JSON";
  }
}

function parseError(rest: string): Step[] | string {
  const [, status, times, seconds] = /^(\d{3})(?:\s+x(\d+))?(?:\s+retry-after=(\d+))?$/.exec(rest) ?? [];
  if (status === undefined || Number(status) < 400) return "expected error STATUS [xN] [retry-after=SECONDS]";
  const fault: Fault = {
    kind: "status",
    status: Number(status),
    ...(seconds === undefined ? {} : { retryAfterSeconds: Number(seconds) }),
  };
  return [{ do: "fault", fault, times: times === undefined ? Number.POSITIVE_INFINITY : Number(times) }];
}

function parseCount(rest: string): Step[] | string {
  const [, word, from, to] = /^([\w.]+)\s+(\d{1,4})-(\d{1,4})$/.exec(rest) ?? [];
  if (word === undefined || Number(from) > Number(to)) return "expected count WORD FROM-TO";
  const numbers = Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => Number(from) + index);
  return [{ do: "say", text: `${numbers.map((number) => `${word}-${number}`).join(" ")}\n\n` }];
}

function parseTimes(rest: string, fault: Fault, usage: string): Step[] | string {
  const [match, times] = /^(?:x(\d+))?$/.exec(rest) ?? [];
  if (match === undefined) return `expected ${usage}`;
  return [{ do: "fault", fault, times: Number(times ?? 1) }];
}

function withLineBreaks(text: string): string {
  return text.replaceAll("\\n", "\n");
}
