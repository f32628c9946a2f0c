import { expect } from "chai";
import { type RunningClaude, startClaude } from "../src/claude/start-claude.ts";

const KEY = "sk-ant-test";

describe("the Claude stand-in", () => {
  let claude: RunningClaude;

  beforeEach(async () => {
    claude = await startClaude({ apiKey: KEY });
  });
  afterEach(() => claude[Symbol.asyncDispose]());

  const post = (body: unknown, { key = KEY, path = "/v1/messages?beta=true" } = {}) =>
    fetch(`${claude.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": key, "anthropic-version": "2023-06-01" },
      body: JSON.stringify(body),
    });
  const ask = (text: string, more: object = {}) => post(request([{ role: "user", content: text }], more));

  it("streams a reply as the API does: one message, its blocks in order, small pieces", async () => {
    const events = eventsIn(await (await ask("create hello.txt saying hi", { stream: true })).text());
    const types = events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);
    expect(types).to.deep.equal([
      "message_start",
      "ping",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    const input = events.map(({ delta }) => delta?.partial_json ?? "").join("");
    expect(JSON.parse(input)).to.deep.equal({ file_path: "/work/hello.txt", content: "hi\n" });
    expect(events.find(({ type }) => type === "message_delta")?.delta?.stop_reason).to.equal("tool_use");
  });

  it("answers a request without stream with the same reply in one document", async () => {
    const response = await ask("create hello.txt saying hi");
    const message = (await response.json()) as { content: { type: string }[]; stop_reason: string };
    expect(message.content.map(({ type }) => type)).to.deep.equal(["text", "tool_use"]);
    expect(message.stop_reason).to.equal("tool_use");
    expect(response.headers.get("request-id")).to.match(/^req_/);
  });

  it("continues from the history alone, and says whose words these are", async () => {
    const body = request([
      { role: "user", content: "create hello.txt saying hi" },
      { role: "assistant", content: [{ type: "text", text: "Done." }] },
      { role: "user", content: "what did I ask before?" },
    ]);
    expect(await textOf(await post(body))).to.equal(
      "Before this you asked:\n\n1. create hello.txt saying hi\n\n(Request 2 in this thread; before it: “create hello.txt saying hi”)\n\n_Played by the sandbox's scripted model; no AI was asked._",
    );
  });

  it("acts on what is said in mid-turn before it goes on", async () => {
    const body = request([
      { role: "user", content: "script: bash one ;; bash two ;; say end" },
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "Bash", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "ok" }] },
      {
        role: "system",
        content:
          "The user sent a new message while you were working:\nscript: bash three\n\nThis is how Claude Code surfaces messages",
      },
    ]);
    const message = (await (await post(body)).json()) as { content: { input?: unknown; text?: string }[] };
    expect(message.content[0]?.text).to.contain("Heard in mid-work: “script: bash three”");
    expect(message.content[1]?.input).to.deep.equal({ command: "three" });
  });

  it("answers in words when it is offered no tool", async () => {
    const body = { ...request([{ role: "user", content: "create a.txt saying a" }]), tools: [] };
    const message = (await (await post(body)).json()) as { content: { type: string }[] };
    expect(message.content.map(({ type }) => type)).to.deep.equal(["text"]);
  });

  it("says honestly what it can do when it knows none of the words", async () => {
    expect(await textOf(await ask("knit a sweater"))).to.contain("I am a **scripted model**, not an AI");
  });

  const refusals: [string, () => Promise<Response>, number, string][] = [
    ["a wrong key", () => post(request([]), { key: "wrong" }), 401, "authentication_error"],
    ["a request without messages", () => post(request([])), 400, "invalid_request_error"],
    ["an unknown address", () => post({}, { path: "/v1/poems" }), 404, "not_found_error"],
    ["what a script wants refused", () => ask("script: error 529"), 529, "overloaded_error"],
    ["an expectation that is not met", () => ask("script: expect a unicorn\\nindeed"), 400, "invalid_request_error"],
  ];
  for (const [what, act, status, type] of refusals) {
    it(`answers ${what} with ${status} ${type}`, async () => {
      const response = await act();
      expect(response.status).to.equal(status);
      expect(await response.json()).to.have.nested.property("error.type", type);
    });
  }

  it("fails as often as a script says, with the pause it asks for", async () => {
    const text = "script: error 429 x2 retry-after=7 ;; say Here I am";
    const first = await ask(text);
    expect([first.status, first.headers.get("retry-after")]).to.deep.equal([429, "7"]);
    expect((await ask(text)).status).to.equal(429);
    expect(await textOf(await ask(text))).to.contain("Here I am");
  });

  it("breaks off in mid-stream with an error event, or by cutting the connection", async () => {
    const broken = await (await ask("script: say half ;; break", { stream: true })).text();
    expect(eventsIn(broken).at(-1)).to.have.nested.property("error.type", "overloaded_error");
    const cut = await ask("script: say half ;; cut", { stream: true });
    expect(await cut.text().catch(() => "cut")).to.equal("cut");
  });

  it("fails the next requests when told to, of one session if one is named", async () => {
    const { standIn } = claude;
    standIn.failNext({ fault: { kind: "status", status: 500 }, sessionKey: "c1-1700000000000001-abcdef" });
    expect((await ask("hello")).status).to.equal(200);
    const session = { system: "You work on claude/session-c1-1700000000000001-abcdef." };
    expect((await ask("hello", session)).status).to.equal(500);
    expect((await ask("hello", session)).status).to.equal(200);
    expect(standIn.requests.map(({ sessionKey, status }) => [sessionKey, status])).to.deep.equal([
      [undefined, 200],
      ["c1-1700000000000001-abcdef", 500],
      ["c1-1700000000000001-abcdef", 200],
    ]);
    expect(standIn.firstRequestAt("c1-1700000000000001-abcdef")).to.equal(standIn.requests[1]?.at);
  });

  it("counts tokens, and greets", async () => {
    const { max_tokens: _unasked, ...body } = request([{ role: "user", content: "hello" }]);
    const count = (await (await post(body, { path: "/v1/messages/count_tokens?beta=true" })).json()) as object;
    expect(count).to.have.property("input_tokens").that.is.greaterThan(0);
    expect((await fetch(`${claude.url}/api/hello`, { method: "HEAD" })).status).to.equal(200);
  });
});

interface StreamEvent {
  type: string;
  delta?: { partial_json?: string; stop_reason?: string };
  error?: { type: string };
}

function eventsIn(stream: string): StreamEvent[] {
  return stream.split("\n\n").flatMap((frame) => {
    const data = /^data: (.*)$/m.exec(frame)?.[1];
    return data === undefined ? [] : [JSON.parse(data) as StreamEvent];
  });
}

async function textOf(response: Response): Promise<string> {
  const message = (await response.json()) as { content: { text?: string }[] };
  return message.content.map(({ text }) => text ?? "").join("");
}

/** As the Claude Code binary sends it: the working folder stands in a system message. */
function request(messages: object[], more: object = {}) {
  const environment = { role: "system", content: "# Environment\n - Primary working directory: /work" };
  return {
    model: "claude-opus-5-5",
    max_tokens: 1_000,
    tools: [{ name: "Bash" }, { name: "Write" }],
    messages: messages.length === 0 ? [] : [...messages.slice(0, 1), environment, ...messages.slice(1)],
    ...more,
  };
}
