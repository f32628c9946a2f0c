import { z } from "zod";

/** Where in the Markdown a reader stands. */
export const Mode = z.object({
  fence: z.object({ marker: z.string(), language: z.string() }).nullable(),
  isLineStart: z.boolean(),
  /** Inside a private key: the blanks swallowed since its last line. Otherwise null. */
  keyGap: z.enum(["", " ", "\n"]).nullable(),
});
export type Mode = z.infer<typeof Mode>;

/** `length` characters read, what is shown for them, and where that leaves the reader. `wait`: more text is needed. */
export type Reading = { length: number; output: string; mode: Mode } | "wait";
