import { expect } from "chai";
import { usageReaderFor } from "../src/model-proxy/usage-reader.ts";
import { sse } from "./support/claude-double.ts";

const stream = [
  sse({
    type: "message_start",
    message: {
      id: "msg_1",
      model: "claude-opus-5-5",
      usage: { input_tokens: 10, output_tokens: 1, cache_read_input_tokens: 500, cache_creation_input_tokens: 40 },
    },
  }),
  sse({ type: "ping" }),
  sse({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "a message_delta in words: ü" } }),
  sse({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 25, input_tokens: null } }),
  sse({ type: "message_stop" }),
].join("");

function usageOf(contentType: string, chunks: readonly Buffer[]) {
  const reader = usageReaderFor(contentType);
  for (const chunk of chunks) reader?.read(chunk);
  return reader?.usage();
}

describe("the usage reader", () => {
  const expected = { model: "claude-opus-5-5", input: 10, output: 25, cacheRead: 500, cacheWrite: 40 };

  it("takes the last totals of a stream, wherever the stream is cut into pieces", () => {
    const bytes = Buffer.from(stream);
    for (const size of [1, 7, 100, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      expect(usageOf("text/event-stream; charset=utf-8", chunks), `pieces of ${size}`).to.deep.equal(expected);
    }
  });

  it("knows of a stream that broke off what it had counted by then", () => {
    const firstEvent = Buffer.from(stream.slice(0, stream.indexOf("event: ping")));
    expect(usageOf("text/event-stream", [firstEvent])).to.deep.equal({ ...expected, output: 1 });
  });

  it("reads a plain JSON answer", () => {
    const body = JSON.stringify({ model: "m", content: [], usage: { input_tokens: 3, output_tokens: 4 } });
    expect(usageOf("application/json", [Buffer.from(body)])).to.deep.equal({
      model: "m",
      input: 3,
      output: 4,
      cacheRead: 0,
      cacheWrite: 0,
    });
  });

  it("counts nothing for errors, for count_tokens and for what it cannot read", () => {
    for (const body of ['{"type":"error"}', '{"input_tokens":12}', "{", ""]) {
      expect(usageOf("application/json", [Buffer.from(body)]), body).to.equal(undefined);
    }
    expect(usageOf("text/event-stream", [Buffer.from("data: {message_start\n\n")])).to.equal(undefined);
    expect(usageOf("text/html", [Buffer.from("<p>")])).to.equal(undefined);
  });

  it("survives lines far longer than any count", () => {
    const long = `data: ${"x".repeat(300_000)}\n`;
    expect(usageOf("text/event-stream", [Buffer.from(long), Buffer.from(stream)])).to.deep.equal(expected);
  });
});
