import { spawn } from "node:child_process";
import type { Readable } from "node:stream";

export interface ProgramAnswer {
  /** -1 when a signal ended it, or it could not be started. */
  exitCode: number;
  /** Without the line break at its end. */
  stdout: string;
  stderr: string;
}

export interface ProgramOptions {
  cwd: string;
  /** Its whole environment. */
  env: Readonly<Record<string, string>>;
  /** Its standard input, empty unless told. */
  input?: string | undefined;
  /** Ends it. */
  signal?: AbortSignal | undefined;
}

/** More than any answer we ask for; what a repository can make git print must not fill the memory. */
const LARGEST_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs a program with plain arguments, without a shell. It does not reject. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { cwd, env, input = "", signal }: ProgramOptions,
): Promise<ProgramAnswer> {
  const child = spawn(program, args, { cwd, env, stdio: "pipe", ...(signal === undefined ? {} : { signal }) });
  // It may leave before it has read everything: its exit tells that.
  child.stdin.on("error", () => {}).end(input);
  child.once("exit", () => {
    if (signal?.aborted !== true) return;
    // Git leaves what talks to the host running, which holds these open for as long as the host is silent.
    child.stdout.destroy();
    child.stderr.destroy();
  });
  const ended = new Promise<{ exitCode: number; trouble: string }>((resolve) => {
    child.once("error", (error) => resolve({ exitCode: -1, trouble: error.message }));
    child.once("close", (code) => resolve({ exitCode: code ?? -1, trouble: "" }));
  });
  const tooMuch = () => child.kill("SIGKILL");
  const [{ exitCode, trouble }, stdout, stderr] = await Promise.all([
    ended,
    collect(child.stdout, tooMuch),
    collect(child.stderr, tooMuch),
  ]);
  return { exitCode, stdout, stderr: stderr === "" ? trouble : stderr };
}

async function collect(stream: Readable, tooMuch: () => void): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= LARGEST_OUTPUT_BYTES) chunks.push(chunk);
    else tooMuch();
  });
  await new Promise((resolve) => stream.once("close", resolve));
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}
