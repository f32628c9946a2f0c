import { execa } from "execa";

export interface GitOptions {
  input?: string | Buffer;
  env?: Record<string, string>;
}

/**
 * Git as these stand-ins run it, on top of the surroundings: no configuration of the machine, no questions, and nothing
 * of another repository in whose hook we may be running.
 */
export const GIT_ENVIRONMENT: Readonly<Record<string, string | undefined>> = {
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_COUNT: undefined,
  GIT_CONFIG_PARAMETERS: undefined,
  GIT_TERMINAL_PROMPT: "0",
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_OBJECT_DIRECTORY: undefined,
  GIT_ALTERNATE_OBJECT_DIRECTORIES: undefined,
  GIT_PREFIX: undefined,
};

/** Runs git in a folder and gives its output as it came. @throws ExecaError when git says no. */
export async function git(directory: string, args: readonly string[], options: GitOptions = {}): Promise<string> {
  const { stdout } = await run(directory, args, options);
  return stdout;
}

/** As `git`, for output that is not text. */
export async function gitBytes(directory: string, args: readonly string[]): Promise<Buffer> {
  const options = { cwd: directory, env: GIT_ENVIRONMENT, stripFinalNewline: false } as const;
  const { stdout } = await execa("git", args, { ...options, stdin: "ignore", encoding: "buffer" });
  return Buffer.from(stdout);
}

/** As `git`, but a refusal is `undefined`: for questions whose answer may be no. */
export async function gitOrNothing(
  directory: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string | undefined> {
  const { stdout, exitCode } = await run(directory, args, { ...options, reject: false });
  if (exitCode === undefined) throw new Error("git cannot be started; is it installed?");
  return exitCode === 0 ? stdout : undefined;
}

function run(
  directory: string,
  args: readonly string[],
  { input, env, reject = true }: GitOptions & { reject?: boolean },
) {
  return execa("git", args, {
    cwd: directory,
    env: { ...GIT_ENVIRONMENT, ...env },
    stripFinalNewline: false,
    reject,
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
  });
}
