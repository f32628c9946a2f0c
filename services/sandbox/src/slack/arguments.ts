import { z } from "zod";

/*
 * Arguments of Web API methods. A call may be JSON (typed values) or a form, where every value is a string and nested
 * values are JSON in a string; the same schema reads both.
 */

/** A value that a form carries as JSON text. */
export function json<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess(parseIfText, schema);
}

export function boolean() {
  return z.preprocess((value) => (typeof value === "string" ? value === "true" || value === "1" : value), z.boolean());
}

export function integer() {
  return z.preprocess((value) => (typeof value === "string" && value !== "" ? Number(value) : value), z.number().int());
}

/** A JSON list, or names with commas as older methods take them. */
export function names() {
  return z.preprocess(
    (value) => (typeof value === "string" && !value.startsWith("[") ? value.split(",") : parseIfText(value)),
    z.array(z.string()),
  );
}

export const Blocks = json(z.array(z.unknown()));

export const Attachments = json(z.array(z.looseObject({})));

export const Metadata = json(
  z.object({ event_type: z.string().min(1), event_payload: z.record(z.string(), z.unknown()).default({}) }),
);

function parseIfText(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value; // the schema behind says what is wrong with it
  }
}
