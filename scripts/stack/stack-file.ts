import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** What `npm run dev` leaves for other commands to find it by. */
const StackFile = z.object({ pid: z.number().int(), sandboxUrl: z.string().optional() });
export type StackFile = z.infer<typeof StackFile>;

/** The stack that runs on a data folder, if one does. */
export async function findRunningStack(dataDir: string): Promise<StackFile | undefined> {
  const text = await readFile(fileIn(dataDir), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const { data } = StackFile.safeParse(JSON.parse(text));
  return data !== undefined && isAlive(data.pid) ? data : undefined;
}

export async function writeStackFile(dataDir: string, content: StackFile): Promise<void> {
  await writeFile(fileIn(dataDir), JSON.stringify(content, null, 2));
}

export async function removeStackFile(dataDir: string): Promise<void> {
  await rm(fileIn(dataDir), { force: true });
}

function fileIn(dataDir: string): string {
  return join(dataDir, "stack.json");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
