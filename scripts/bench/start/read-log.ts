import { z } from "zod";

const Line = z.looseObject({
  time: z.coerce.date(),
  msg: z.string(),
  session: z.string().optional(),
  sessionKey: z.string().optional(),
  phase: z.string().optional(),
});

/** A line of a service's log; `at` in milliseconds since 1970. */
export type LogLine = z.infer<typeof Line> & { at: number };

export function parseLog(text: string): LogLine[] {
  return text.split("\n").flatMap((line) => {
    const parsed = line.startsWith("{") ? Line.safeParse(parseJson(line)).data : undefined;
    return parsed === undefined ? [] : [{ ...parsed, at: parsed.time.getTime() }];
  });
}

/** The last line may be half written. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
