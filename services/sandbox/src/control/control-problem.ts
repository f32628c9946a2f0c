import type { z } from "zod";

/** A request the control API cannot do; the message says what is wrong with it. Answered 400. */
export class ControlProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ControlProblem";
  }
}

/** @throws ControlProblem naming every field that is wrong */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
  throw new ControlProblem(problems.join("; "));
}
