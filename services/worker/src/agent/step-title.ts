import { relative, sep } from "node:path";

const LONGEST_TITLE = 120;
const LONGEST_DETAIL = 400;

export interface StepText {
  title: string;
  detail?: string;
}

/** A tool call as a row that a person reads: `Write hello.txt`, `Run npm test`. */
export function describeToolCall(tool: string, input: unknown, workspace: string): StepText {
  const field = (name: string) => textField(input, name);
  const file = () => shortPath(field("file_path") ?? "", workspace);
  switch (tool) {
    case "Write":
      return titled(`Write ${file()}`);
    case "Edit":
      return titled(`Edit ${file()}`);
    case "Read":
      return titled(`Read ${file()}`);
    case "Grep":
      return titled(`Search for ${field("pattern") ?? "a pattern"}`);
    case "Glob":
      return titled(`Find ${field("pattern") ?? "files"}`);
    case "Bash":
      return describeCommand(withoutWorkspace(field("command") ?? "a command", workspace), field("description"));
    default:
      return titled(tool);
  }
}

/** What went wrong, as far as a row has room for it. */
export function describeError(text: string, workspace: string): string {
  const plain = text.replace(/<\/?tool_use_error>/g, "");
  return cut(withoutWorkspace(plain, workspace).trim(), LONGEST_DETAIL);
}

function describeCommand(command: string, description: string | undefined): StepText {
  if (description === undefined || description.trim() === "") {
    const [first = ""] = command.trim().split("\n");
    const isWhole = command.trim() === first && first.length < LONGEST_TITLE - 4;
    return { ...titled(`Run ${first}`), ...(isWhole ? {} : { detail: cut(command, LONGEST_DETAIL) }) };
  }
  return { ...titled(description), detail: cut(command, LONGEST_DETAIL) };
}

function titled(text: string): StepText {
  return { title: cut(text.replace(/\s+/g, " ").trim(), LONGEST_TITLE) };
}

function shortPath(path: string, workspace: string): string {
  const inside = relative(workspace, path);
  return path === "" ? "a file" : inside.startsWith("..") ? path : inside === "" ? "." : inside;
}

function withoutWorkspace(text: string, workspace: string): string {
  return text.replaceAll(workspace + sep, "").replaceAll(workspace, ".");
}

function textField(input: unknown, name: string): string | undefined {
  const value: unknown = typeof input === "object" && input !== null ? Reflect.get(input, name) : undefined;
  return typeof value === "string" ? value : undefined;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
