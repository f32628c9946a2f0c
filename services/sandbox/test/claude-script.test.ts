import { expect } from "chai";
import { planSteps } from "../src/claude/plan-steps.ts";
import { parseScript, scriptIn } from "../src/claude/script.ts";

describe("the script language", () => {
  it("is found after `script:` up to an empty line, on one line with `;;`, or fenced", () => {
    const texts = [
      "please\nscript:\nbash one\nbash two\n\nthanks",
      "script: bash one ;; bash two",
      "so:\n```script\nbash one\nbash two\n```\nthanks",
    ];
    for (const text of texts) {
      const script = scriptIn(text);
      expect(script?.ok === true && script.steps.map((step) => step.do === "call" && step.input.command)).to.deep.equal(
        ["one", "two"],
      );
    }
  });

  it("is nothing in a text that has none", () => {
    expect(scriptIn("write a script: no, do not")).to.equal(undefined);
  });

  const problems: [string, string][] = [
    ["wrote a.txt | hi", "is no statement"],
    ["write a.txt", "expected write PATH | CONTENT"],
    ["edit a.txt | old", "expected edit PATH | OLD | NEW"],
    ["tool Bash {not json}", "the input is not JSON"],
    ["error soon", "expected error STATUS"],
    ["wait a bit", "expected wait MILLISECONDS"],
    ["cut twice", "expected cut [xN]"],
    ["say hello\nerror 529", "must be the first thing in its reply"],
    ["", "the script is empty"],
  ];
  for (const [source, problem] of problems) {
    it(`says what is wrong with “${source.replace("\n", " ⏎ ")}”`, () => {
      const parsed = parseScript(source);
      expect(parsed.ok === false && parsed.problem).to.contain(problem);
    });
  }

  it("answers a script it cannot play with the reason", () => {
    const [step] = planSteps("script: wrote a.txt", []);
    expect(step).to.have.property("text").that.contains("I cannot play this script. “wrote a.txt”: is no statement");
  });
});

describe("the scripted model's words", () => {
  const firstCall = (text: string, earlier: string[] = []) =>
    planSteps(text, earlier).find((step) => step.do === "call")?.input;

  const calls: [string, Record<string, string> | undefined][] = [
    ["create hello.txt saying hi", { file_path: "hello.txt", content: "hi\n" }],
    ["Please write a file notes/todo.md with `buy milk`", { file_path: "notes/todo.md", content: "buy milk\n" }],
    ["create ../outside.txt saying hi", undefined],
    ["create /etc/passwd.txt saying hi", undefined],
    ["run `ls -la`", { command: "ls -la", description: "Run the command" }],
    ["sleep 5", { command: "sleep 5; echo awake", description: "Sleep 5 s" }],
    ["explain README.md", { file_path: "README.md" }],
    ["delete old.txt", { command: "rm -- 'old.txt'", description: "Delete old.txt" }],
    [
      "append it's mine to notes.md",
      { command: `printf '%s\\n' 'it'\\''s mine' >> 'notes.md'`, description: "Append to notes.md" },
    ],
    ["knit a sweater", undefined],
  ];
  for (const [text, input] of calls) {
    it(`make “${text}” ${input === undefined ? "no tool call" : "the right tool call"}`, () => {
      expect(firstCall(text)).to.deep.equal(input);
    });
  }

  it("carry on with what was asked last, or with what is said after it", () => {
    const earlier = ["create a.txt saying a", "Carry on where you left off."];
    expect(firstCall("Carry on where you left off.", earlier)).to.have.property("file_path", "a.txt");
    expect(firstCall("Try again.\n\ncreate b.txt saying b", earlier)).to.have.property("file_path", "b.txt");
  });
});
