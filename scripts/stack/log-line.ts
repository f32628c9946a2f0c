import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

export interface LogLineOptions {
  service: string;
  /** Whether to colour it for a terminal. */
  isColored: boolean;
}

const LEVELS: Readonly<Record<number, { name: string; style?: Style }>> = {
  10: { name: "trace", style: "gray" },
  20: { name: "debug", style: "gray" },
  30: { name: "info" },
  40: { name: "warn", style: "yellow" },
  50: { name: "error", style: "red" },
  60: { name: "fatal", style: "red" },
};
const SERVICE_STYLES: readonly Style[] = ["cyan", "green", "magenta", "blue", "yellow"];
const NAME_WIDTH = 8;

/** One line a person can read of one line a service printed; what is no JSON object stays as it is. */
export function formatLogLine(line: string, { service, isColored }: LogLineOptions): string {
  const paint = (style: Style | undefined, text: string) =>
    isColored && style !== undefined ? styleText(style, text, { validateStream: false }) : text;
  const head = paint(styleOf(service), service.padEnd(NAME_WIDTH));
  const entry = parseObject(line);
  if (entry === undefined) return `${head} ${line}`;

  const { level, time, msg, service: _service, err, ...fields } = entry;
  const { name, style } = LEVELS[Number(level)] ?? { name: String(level) };
  const clock = typeof time === "string" ? `${paint("gray", time.slice(11, 19))} ` : "";
  const loud = Number(level) >= 40 ? `${paint(style, name)} ` : "";
  const message = paint(style, String(msg ?? ""));
  return `${clock}${head} ${loud}${message}${paint("gray", describeFields(fields))}${describeError(err)}`;
}

function styleOf(service: string): Style {
  const sum = [...service].reduce((total, character) => total + character.charCodeAt(0), 0);
  return SERVICE_STYLES[sum % SERVICE_STYLES.length] ?? "reset";
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function describeFields(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("");
}

function describeError(err: unknown): string {
  if (typeof err !== "object" || err === null) return "";
  const { message, stack } = err as { message?: unknown; stack?: unknown };
  return `\n    ${String(stack ?? message ?? "").replaceAll("\n", "\n    ")}`;
}
