import { isAbsolute, relative, resolve } from "node:path";

const WRITES = new Set(["Write", "Edit"]);
const PUSHES = /(^|[;&|(\n]\s*)git\b[^;&|\n]*\bpush\b/;

/**
 * Why a tool call is not made, in words for the model; undefined when it may be. This guides, it does not guard: what
 * the agent can do is bounded by where it runs and by what the gateway lets it do.
 */
export function objectionToCall(
  tool: string,
  input: unknown,
  { workspace, folders }: { workspace: string; folders: readonly string[] },
): string | undefined {
  if (tool === "Bash" && PUSHES.test(stringIn(input, "command"))) {
    return "Do not push: after your turn everything is committed and pushed to the session's branch for you.";
  }
  if (WRITES.has(tool)) {
    const path = resolve(workspace, stringIn(input, "file_path"));
    if (![workspace, ...folders].some((folder) => contains(folder, path))) {
      return `Files outside ${workspace} are lost after the run: write inside it.`;
    }
  }
  return undefined;
}

function contains(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== "" && !inside.startsWith("..") && !isAbsolute(inside);
}

function stringIn(input: unknown, name: string): string {
  const value: unknown = typeof input === "object" && input !== null ? Reflect.get(input, name) : undefined;
  return typeof value === "string" ? value : "";
}
