import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const StackSecrets = z.object({
  tokenSecret: z.string().min(32),
  slackSigningSecret: z.string().min(32),
  bullBoardPassword: z.string().min(8),
});
export type StackSecrets = z.infer<typeof StackSecrets>;

/** The secrets of a data folder, made at its first use: a restart must not invalidate what is signed. */
export async function keptSecrets(dataDir: string): Promise<StackSecrets> {
  const file = join(dataDir, "secrets.json");
  const kept = await readFile(file, "utf8").catch(() => undefined);
  if (kept !== undefined) return StackSecrets.parse(JSON.parse(kept));
  const made: StackSecrets = {
    tokenSecret: randomBytes(32).toString("hex"),
    slackSigningSecret: randomBytes(16).toString("hex"),
    bullBoardPassword: randomBytes(6).toString("hex"),
  };
  await writeFile(file, JSON.stringify(made, null, 2), { mode: 0o600 });
  return made;
}
