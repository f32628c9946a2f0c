import type { ChangeSize } from "@peerbot/contracts";
import { toldSubject } from "./commit-message.ts";
import type { Git } from "./git.ts";
import { inWorkspace, type Workspace } from "./prepare-workspace.ts";

/** How far the session branch is from its base, in files and lines; undefined when there is no base. */
export async function measureChanges(
  workspace: Workspace,
  { git, signal }: { git: Git; signal: AbortSignal },
): Promise<ChangeSize | undefined> {
  if (workspace.baseTip === undefined) return undefined;
  const here = { ...inWorkspace(workspace), signal };
  // A shallow history may not reach back to where the branches parted; the tip of the base is near enough then.
  const mergeBase = await git(["merge-base", workspace.baseTip, "HEAD"], { ...here, expected: [1] });
  const from = mergeBase.exitCode === 0 ? mergeBase.stdout : workspace.baseTip;
  const { stdout } = await git(["diff", "--shortstat", "--no-ext-diff", "--no-textconv", from, "HEAD"], here);
  return parseShortStat(stdout);
}

/** Reads ` 3 files changed, 10 insertions(+), 2 deletions(-)`. */
export function parseShortStat(text: string): ChangeSize {
  const count = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(text)?.[1] ?? 0);
  return { files: count("file"), insertions: count("insertion"), deletions: count("deletion") };
}

/** Subjects of the branch's own commits, oldest first. */
export async function branchSubjects(
  workspace: Workspace,
  { git, signal }: { git: Git; signal: AbortSignal },
): Promise<string[]> {
  const range = workspace.baseTip === undefined ? "HEAD" : `${workspace.baseTip}..HEAD`;
  const { stdout } = await git(["log", "--reverse", "--format=%s", range], { ...inWorkspace(workspace), signal });
  return stdout.split("\n").flatMap((subject) => (subject === "" ? [] : [toldSubject(subject)]));
}
