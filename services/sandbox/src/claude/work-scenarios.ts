import { fenced } from "./file-scenarios.ts";
import { bash, read, type Step, type TurnView, write } from "./step.ts";

const HEALTH_SOURCE = `import { createServer } from "node:http";

/** Answers GET /health with {"status":"ok"}, everything else with 404. */
export function createHealthServer() {
  return createServer((request, response) => {
    const isHealth = request.method === "GET" && request.url === "/health";
    response.writeHead(isHealth ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(isHealth ? { status: "ok" } : { error: "not found" }));
  });
}
`;

const HEALTH_TEST = `import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { createHealthServer } from "../src/health.mjs";

test("the health endpoint says ok", async () => {
  const server = createHealthServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const response = await fetch(\`http://127.0.0.1:\${server.address().port}/health\`);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { status: "ok" });
  server.close();
});
`;

/** “add a health endpoint”: a small server, its test, and the test run. */
export function addHealthEndpoint(text: string): Step[] | undefined {
  if (!/health[- ]?(check)?\s*(endpoint|route|check)/i.test(text)) return undefined;
  return [
    { do: "say", text: "I'll add a small HTTP server with a health endpoint, and a test for it.\n\n" },
    write("src/health.mjs", HEALTH_SOURCE),
    write("test/health.test.mjs", HEALTH_TEST),
    { do: "say", text: "Now I run the test.\n\n" },
    bash("node --test test/health.test.mjs", "Run the test of the health endpoint"),
    {
      do: "conclude",
      write: (view) =>
        [
          "The health endpoint is there:",
          "",
          '- `src/health.mjs` answers `GET /health` with `{"status":"ok"}`',
          "- `test/health.test.mjs` proves it over real HTTP",
          "",
          lastFailed(view) ? `The test **failed**:\n\n${fenced(lastText(view))}` : "The test **passes**.",
        ].join("\n"),
    },
  ];
}

/** “run the tests”, or “run `command`”. */
export function runCommand(text: string): Step[] | undefined {
  const named = /\brun\s+`([^`]+)`/i.exec(text)?.[1];
  if (named === undefined && !/\brun\b[^.\n]*\btests?\b/i.test(text)) return undefined;
  const command =
    named ??
    "if [ -f package.json ]; then npm test; elif ls test/*.mjs >/dev/null 2>&1; then node --test; else ls -la; fi";
  return [
    bash(command, named === undefined ? "Run the tests" : "Run the command"),
    {
      do: "conclude",
      write: (view) =>
        `${lastFailed(view) ? "It **failed**." : "It **worked**."} The output:\n\n${fenced(lastText(view))}`,
    },
  ];
}

/** “fail” runs a failing command and ends in a refused model request; “fail with 529” ends in that status for ever. */
export function fail(text: string): Step[] | undefined {
  const match = /^\s*(?:please\s+)?fail\b(?:\s+with\s+(\d{3}))?/i.exec(text);
  if (match === null) return undefined;
  const status = Number(match[1] ?? 400);
  return [
    { do: "say", text: "This will not end well.\n\n" },
    bash("echo 'something is broken' >&2; exit 1", "Run a command that fails"),
    { do: "fault", fault: { kind: "status", status: status < 400 ? 400 : status }, times: Number.POSITIVE_INFINITY },
  ];
}

/** “sleep 20”: a long command, to try steering and Stop. */
export function sleep(text: string): Step[] | undefined {
  const seconds = /\bsleep\s+(\d{1,4})\b/i.exec(text)?.[1];
  if (seconds === undefined) return undefined;
  return [
    { do: "say", text: `I'll sleep for ${seconds} s now; say something or press Stop to try what happens.\n\n` },
    bash(`sleep ${seconds}; echo awake`, `Sleep ${seconds} s`),
    { do: "conclude", write: () => `I slept for ${seconds} s.` },
  ];
}

/** “slow”: half a minute of text in small pieces. */
export function speakSlowly(text: string): Step[] | undefined {
  if (!/\bslow(ly)?\b/i.test(text)) return undefined;
  const lines = Array.from({ length: 30 }, (_, index) => `${index + 1}. This is line ${index + 1} of a slow answer.`);
  return [
    { do: "pace", ms: 150 },
    { do: "say", text: `${lines.join("\n")}\n\nThat was slow.` },
  ];
}

/** A question: looks at the repository, or at the file it names, and changes nothing. */
export function answerQuestion(text: string): Step[] | undefined {
  const isQuestion =
    /\?\s*$/.test(text) || /^\s*(what|why|how|who|when|where|which|explain|describe|is|does|can)\b/i.test(text);
  if (!isQuestion) return undefined;
  const file = /\b[\w./-]+\.(?:md|txt|js|mjs|ts|json|yml|yaml)\b/.exec(text)?.[0];
  if (file !== undefined && !file.startsWith("/") && !file.includes("..")) {
    return [
      read(file),
      { do: "conclude", write: (view) => `I read \`${file}\`. It begins:\n\n${fenced(lastText(view).slice(0, 600))}` },
    ];
  }
  return [
    bash("ls -a; git log --oneline -5 2>/dev/null || true", "Look at the repository"),
    {
      do: "conclude",
      write: (view) =>
        `You asked: “${text.replace(/\s+/g, " ").slice(0, 200)}” I can look but not think. This is what is here:\n\n${fenced(lastText(view))}\n\nNothing was changed.`,
    },
  ];
}

function lastFailed(view: TurnView): boolean {
  return view.results.at(-1)?.isError ?? false;
}

function lastText(view: TurnView): string {
  return view.results.at(-1)?.text ?? "";
}
