export type Shape = Record<string, unknown>;

/** Collects what is wrong, with the place as a JSON pointer. */
export type Report = (message: string, pointer: string) => void;

/** A text object: `mrkdwn` or `plain_text`, not empty, at most `max` characters. */
export function checkText(
  text: unknown,
  { max, plainOnly = false }: { max: number; plainOnly?: boolean },
  at: string,
  report: Report,
): void {
  if (!isShape(text)) {
    report("missing required field", at);
    return;
  }
  const allowed = plainOnly ? ["plain_text"] : ["plain_text", "mrkdwn"];
  if (!allowed.includes(String(text.type))) report(`unsupported type: ${String(text.type)}`, `${at}/type`);
  if (typeof text.text !== "string" || text.text === "") report("must be more than 0 characters", `${at}/text`);
  else if (text.text.length > max) report(`must be less than ${max + 1} characters`, `${at}/text`);
}

export function isShape(value: unknown): value is Shape {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
