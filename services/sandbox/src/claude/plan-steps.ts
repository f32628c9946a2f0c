import { appendToFile, createFiles, deleteFile, replaceInFile } from "./file-scenarios.ts";
import { scriptIn } from "./script.ts";
import type { Step, TurnView } from "./step.ts";
import { addHealthEndpoint, answerQuestion, fail, runCommand, sleep, speakSlowly } from "./work-scenarios.ts";

/** The first that knows what to do with a text plays it. */
const SCENARIOS = [
  summarise,
  recall,
  fail,
  sleep,
  speakSlowly,
  addHealthEndpoint,
  replaceInFile,
  appendToFile,
  runCommand,
  createFiles,
  deleteFile,
  askBack,
  answerQuestion,
];

/**
 * What the scripted model will do about a text: its script if it has one, else by its words, else an honest answer.
 * `earlier` are the texts of earlier turns, oldest first.
 */
export function planSteps(text: string, earlier: readonly string[]): Step[] {
  const script = scriptIn(text);
  if (script?.ok === false) return [{ do: "say", text: `I cannot play this script. ${script.problem}.` }];
  if (script?.ok === true) return script.steps;
  if (CARRY_ON.test(text)) return carryOn(text, earlier);
  for (const scenario of SCENARIOS) {
    const steps = scenario(text);
    if (steps !== undefined) return steps;
  }
  return [{ do: "say", text: ABILITIES }];
}

const CARRY_ON = /^\s*(please\s+)?(carry on|continue|go on|try again)\b/i;

const ABILITIES = [
  "I am a **scripted model**, not an AI: I look for a few words and play what belongs to them. I know:",
  "",
  "- `create hello.txt saying hi`, `append … to notes.md`, `replace a with b in notes.md`, `delete hello.txt`",
  "- `add a health endpoint`",
  "- `run the tests`, `` run `ls -la` ``",
  "- questions (`what is in here?`, `explain README.md`), and `what did I ask before?`",
  "- `ask me something`",
  "- `sleep 20` and `slow`, to try Stop and replies in mid-run",
  "- `fail`, `fail with 529`",
  "- a script: `script: write a.txt | hi ;; bash cat a.txt ;; say Done`",
].join("\n");

/** The binary asks for this when a conversation grows too long; it wants text and nothing else. */
function summarise(text: string): Step[] | undefined {
  if (!/create a detailed summary of the conversation/i.test(text)) return undefined;
  return [
    { do: "conclude", write: (view) => `<summary>People asked, in order:\n${list(view)}</summary>` },
    { do: "quiet" },
  ];
}

function recall(text: string): Step[] | undefined {
  if (!/\b(what (did|have|was)|remember)\b.*\b(ask|say|said|asked|before|earlier)\b/i.test(text)) return undefined;
  return [
    {
      do: "conclude",
      write: (view) =>
        view.earlier.length === 0
          ? "You have not asked me anything before."
          : `Before this you asked:\n\n${list(view)}`,
    },
  ];
}

function askBack(text: string): Step[] | undefined {
  if (!/\bask me\b/i.test(text)) return undefined;
  return [
    { do: "say", text: "Which would you like, **SQLite** or **PostgreSQL**? Answer in this thread." },
    { do: "stop" },
  ];
}

/** After an interruption or a failure: what is said after it, else what was asked last, from its beginning. */
function carryOn(text: string, earlier: readonly string[]): Step[] {
  const again = text.split(/\n\n([\s\S]+)/)[1] ?? earlier.findLast((one) => !CARRY_ON.test(one));
  if (again === undefined) return [{ do: "say", text: "There is nothing to carry on with." }];
  return [{ do: "say", text: "I carry on.\n\n" }, ...planSteps(again, [])];
}

function list(view: TurnView): string {
  return view.earlier.map((text, index) => `${index + 1}. ${text.replace(/\s+/g, " ").slice(0, 300)}`).join("\n");
}
