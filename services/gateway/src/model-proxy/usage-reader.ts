import { StringDecoder } from "node:string_decoder";
import { z } from "zod";

/** Tokens of one answer, as the Claude API counts them. */
export interface ModelUsage {
  model: string;
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}

/** Reads along with an answer; what it cannot read it leaves out, it never fails. */
export interface UsageReader {
  read(chunk: Buffer): void;
  /** What has been read so far; undefined for an answer that used no model. */
  usage(): ModelUsage | undefined;
}

const tokens = z.number().nonnegative().nullish();
const Usage = z.object({
  input_tokens: tokens,
  output_tokens: tokens,
  cache_read_input_tokens: tokens,
  cache_creation_input_tokens: tokens,
});
const Message = z.object({ model: z.string(), usage: Usage });
const StreamEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("message_start"), message: Message }),
  z.object({ type: z.literal("message_delta"), usage: Usage }),
]);

/** Longer lines are tool input or text of one delta, never a count. */
const MAX_LINE_CHARACTERS = 64 * 1024;
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

/** The reader for an answer of that content type; undefined when there is nothing to count in it. */
export function usageReaderFor(contentType: string | undefined): UsageReader | undefined {
  if (contentType?.startsWith("text/event-stream")) return createStreamReader();
  if (contentType?.startsWith("application/json")) return createDocumentReader();
  return undefined;
}

/** Server-sent events: `message_start` brings the first counts, each `message_delta` newer totals. */
function createStreamReader(): UsageReader {
  const decoder = new StringDecoder("utf8");
  let line = "";
  let usage: ModelUsage | undefined;
  return {
    read(chunk) {
      const [first = "", ...others] = decoder.write(chunk).split("\n");
      line = (line + first).slice(0, MAX_LINE_CHARACTERS);
      for (const next of others) {
        usage = applyLine(usage, line);
        line = next.slice(0, MAX_LINE_CHARACTERS);
      }
    },
    usage: () => usage,
  };
}

/** A plain answer: one JSON document with the final counts. */
function createDocumentReader(): UsageReader {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    read(chunk) {
      bytes += chunk.length;
      if (bytes <= MAX_DOCUMENT_BYTES) chunks.push(chunk);
    },
    usage() {
      const message = Message.safeParse(parseJson(Buffer.concat(chunks).toString("utf8")));
      return message.success ? startUsage(message.data) : undefined;
    },
  };
}

function applyLine(usage: ModelUsage | undefined, line: string): ModelUsage | undefined {
  // Looked for in the text first: all but two lines of a long answer need no parsing.
  if (!line.startsWith("data:") || !/message_(start|delta)/.test(line)) return usage;
  const event = StreamEvent.safeParse(parseJson(line.slice("data:".length)));
  if (!event.success) return usage;
  if (event.data.type === "message_start") return startUsage(event.data.message);
  return usage === undefined ? undefined : { ...usage, ...countsOf(event.data.usage) };
}

function startUsage({ model, usage }: z.infer<typeof Message>): ModelUsage {
  return { model, input: 0, output: 0, cacheRead: 0, cacheWrite: 0, ...countsOf(usage) };
}

/** Only the counts that are there: a later event may leave out what has not changed. */
function countsOf(usage: z.infer<typeof Usage>): Partial<Omit<ModelUsage, "model">> {
  return {
    ...(usage.input_tokens == null ? {} : { input: usage.input_tokens }),
    ...(usage.output_tokens == null ? {} : { output: usage.output_tokens }),
    ...(usage.cache_read_input_tokens == null ? {} : { cacheRead: usage.cache_read_input_tokens }),
    ...(usage.cache_creation_input_tokens == null ? {} : { cacheWrite: usage.cache_creation_input_tokens }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Cut off or not JSON at all: an answer without counts.
    return undefined;
  }
}
