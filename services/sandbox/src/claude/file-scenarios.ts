import { isAbsolute, normalize } from "node:path";
import { appendTo } from "./script.ts";
import { bash, edit, quoteForShell, read, type Step, write } from "./step.ts";

const FILE = /(?<![\w./-])(?!e\.g|i\.e)[\w@./-]+\.[A-Za-z0-9]{1,8}\b/;
const CREATE = new RegExp(
  String.raw`(?:create|write|make|add)\b[^\n]*?(${FILE.source})(?:\s+(?:file\s+)?(?:saying|that says|with the text|with|containing|holding)\s+([\s\S]+))?`,
  "i",
);
const APPEND = new RegExp(String.raw`append\s+([\s\S]+?)\s+to\s+(${FILE.source})`, "i");
const REPLACE = new RegExp(String.raw`replace\s+([\s\S]+?)\s+(?:with|by)\s+([\s\S]+?)\s+in\s+(${FILE.source})`, "i");
const DELETE = new RegExp(String.raw`(?:delete|remove)\b[^\n]*?(${FILE.source})`, "i");

/** “create hello.txt saying hi”, “… and other.txt saying ho”: each file is written, then shown by a command. */
export function createFiles(text: string): Step[] | undefined {
  const files = text
    .split(/\s+and\s+(?=(?:create\s+|write\s+|add\s+|make\s+)?[\w@./-]+\.\w+\s+(?:saying|with|containing))/i)
    .map((part, index) => CREATE.exec(index === 0 || CREATE.test(part) ? part : `create ${part}`))
    .flatMap((match) => (match?.[1] === undefined ? [] : [{ path: match[1], content: contentOf(match[1], match[2]) }]));
  if (files.length === 0) return undefined;
  const outside = files.find(({ path }) => isOutside(path));
  if (outside !== undefined) return refuseOutside(outside.path);
  const names = files.map(({ path }) => `\`${path}\``).join(" and ");
  return [
    { do: "say", text: `I'll write ${names}.\n\n` },
    ...files.map(({ path, content }) => write(path, content)),
    bash(`cat -- ${files.map(({ path }) => quoteForShell(path)).join(" ")}`, "Check what was written"),
    {
      do: "conclude",
      write: ({ results }) =>
        results.some((result) => result.isError)
          ? `Writing ${names} did not work:\n\n${fenced(results.find((result) => result.isError)?.text ?? "")}`
          : `Done: ${names} ${files.length === 1 ? "is" : "are"} in place. The content:\n\n${fenced(results.at(-1)?.text ?? "")}`,
    },
  ];
}

/** “append a line to notes.md”. */
export function appendToFile(text: string): Step[] | undefined {
  const [, content, path] = APPEND.exec(text) ?? [];
  if (content === undefined || path === undefined) return undefined;
  if (isOutside(path)) return refuseOutside(path);
  return [
    appendTo(path, unquote(content)),
    bash(`tail -n 5 ${quoteForShell(path)}`, "Check the end of the file"),
    {
      do: "conclude",
      write: ({ results }) =>
        `I appended it to \`${path}\`, which now ends with:\n\n${fenced(results.at(-1)?.text ?? "")}`,
    },
  ];
}

/** “replace one with two in notes.md”. */
export function replaceInFile(text: string): Step[] | undefined {
  const [, before, after, path] = REPLACE.exec(text) ?? [];
  if (before === undefined || after === undefined || path === undefined) return undefined;
  if (isOutside(path)) return refuseOutside(path);
  return [
    read(path),
    edit(path, unquote(before), unquote(after)),
    {
      do: "conclude",
      write: ({ results }) =>
        results.at(-1)?.isError === true
          ? `I could not replace it in \`${path}\`:\n\n${fenced(results.at(-1)?.text ?? "")}`
          : `\`${path}\` is changed: **${unquote(before)}** became **${unquote(after)}**.`,
    },
  ];
}

/** “delete old.txt”. */
export function deleteFile(text: string): Step[] | undefined {
  const path = DELETE.exec(text)?.[1];
  if (path === undefined) return undefined;
  if (isOutside(path)) return refuseOutside(path);
  return [
    bash(`rm -- ${quoteForShell(path)}`, `Delete ${path}`),
    {
      do: "conclude",
      write: ({ results }) =>
        results.at(-1)?.isError === true
          ? `\`${path}\` could not be deleted:\n\n${fenced(results.at(-1)?.text ?? "")}`
          : `\`${path}\` is deleted.`,
    },
  ];
}

/** A text as a Markdown code block that it cannot break out of. */
export function fenced(text: string): string {
  return `\`\`\`\n${text.trimEnd().replaceAll("```", "'''").slice(0, 2_000)}\n\`\`\``;
}

function contentOf(path: string, said: string | undefined): string {
  return `${unquote(said ?? `This is ${path}.`)}\n`;
}

function unquote(text: string): string {
  return text.trim().replace(/^(["'`“‘])([\s\S]*)["'`”’]$/, "$2");
}

function isOutside(path: string): boolean {
  return isAbsolute(path) || normalize(path).startsWith("..");
}

function refuseOutside(path: string): Step[] {
  return [{ do: "say", text: `\`${path}\` lies outside the repository, so I leave it alone.` }];
}
