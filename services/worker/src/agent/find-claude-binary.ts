import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { AppError } from "@peerbot/runtime/core";

/** The Claude Code binary that came with the Agent SDK. @throws AppError `agent-missing` */
export function findClaudeBinary(): string {
  const requireHere = createRequire(import.meta.url);
  // The platform packages are dependencies of the SDK, so they are looked for from there.
  const requireFromSdk = createRequire(requireHere.resolve("@anthropic-ai/claude-agent-sdk"));
  const packages = platformPackages().map((name) => `@anthropic-ai/claude-agent-sdk-${name}`);
  for (const name of packages) {
    const folder = folderOf(name, requireFromSdk);
    const binary =
      folder === undefined ? undefined : join(folder, process.platform === "win32" ? "claude.exe" : "claude");
    if (binary !== undefined && isExecutable(binary)) return binary;
  }
  throw new AppError(
    `the Claude Code binary is not installed (looked for ${packages.join(", ")}): run npm ci without --omit=optional`,
    { code: "agent-missing" },
  );
}

/** The best fitting first: a machine with musl has no glibc to report. */
function platformPackages(): string[] {
  const plain = `${process.platform}-${process.arch}`;
  if (process.platform !== "linux") return [plain];
  const report = process.report.getReport();
  const hasGlibc = "header" in report && Reflect.get(Object(report.header), "glibcVersionRuntime") !== undefined;
  return hasGlibc ? [plain, `${plain}-musl`] : [`${plain}-musl`, plain];
}

function folderOf(name: string, require: NodeJS.Require): string | undefined {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    return undefined; // not installed: another platform's
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
