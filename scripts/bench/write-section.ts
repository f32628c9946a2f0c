import { readFile, writeFile } from "node:fs/promises";

/** Puts a bench's section into the page: in place of the one before it, or at the end. */
export async function writeSection(page: string, name: string, section: string): Promise<void> {
  await writeFile(page, placeSection(await readFile(page, "utf8"), name, section));
}

export function placeSection(text: string, name: string, section: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const marked = `${begin}\n${section}\n${end}`;
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) return `${text.trimEnd()}\n\n${marked}\n`;
  return text.slice(0, from) + marked + text.slice(to + end.length);
}
