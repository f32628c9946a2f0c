import { git, gitOrNothing } from "./git-command.ts";

export interface Signature {
  name: string;
  email: string;
  /** ISO 8601. */
  date: string;
}

export interface Commit {
  sha: string;
  tree: string;
  parents: string[];
  author: Signature;
  committer: Signature;
  message: string;
}

const FIELDS = ["%H", "%T", "%P", "%an", "%ae", "%aI", "%cn", "%ce", "%cI", "%B"];
const FORMAT = `--format=${FIELDS.map((field) => `${field}%x00`).join("")}`;

/** Newest first. `revisions` are commit ids, or ranges of them. */
export async function listCommits(
  directory: string,
  revisions: readonly string[],
  { skip = 0, count }: { skip?: number; count?: number } = {},
): Promise<Commit[]> {
  const limits = [`--skip=${skip}`, ...(count === undefined ? [] : [`--max-count=${count}`])];
  return parseCommits(await git(directory, ["log", FORMAT, ...limits, ...revisions, "--"]));
}

export async function readCommit(directory: string, sha: string): Promise<Commit | undefined> {
  const [commit] = await listCommits(directory, [sha], { count: 1 });
  return commit;
}

function parseCommits(output: string): Commit[] {
  const values = output.split("\0");
  const commits: Commit[] = [];
  for (let start = 0; start + FIELDS.length <= values.length; start += FIELDS.length) {
    const [sha = "", tree = "", parents = "", an = "", ae = "", ad = "", cn = "", ce = "", cd = "", message = ""] =
      values.slice(start, start + FIELDS.length);
    commits.push({
      sha: sha.trim(),
      tree,
      parents: parents.split(" ").filter(Boolean),
      author: { name: an, email: ae, date: ad },
      committer: { name: cn, email: ce, date: cd },
      message: message.replace(/\n$/, ""),
    });
  }
  return commits;
}

export interface ChangedFile {
  path: string;
  /** Where it was before, when it was renamed. */
  formerPath?: string;
  status: "added" | "removed" | "modified" | "renamed";
  insertions: number;
  deletions: number;
  isBinary: boolean;
}

const DIFF = ["diff", "--no-color", "--no-ext-diff", "--find-renames"];

/** Unified diff of what head has that base has not: from where the two parted, as pull requests show it. */
export async function diffText(directory: string, base: string, head: string): Promise<string> {
  return git(directory, [...DIFF, `${await parting(directory, base, head)}`, head, "--"]);
}

/** The same in files and lines. */
export async function changedFiles(directory: string, base: string, head: string): Promise<ChangedFile[]> {
  const from = await parting(directory, base, head);
  const sizes = parseNumstat(await git(directory, [...DIFF, "--numstat", "-z", from, head, "--"]));
  const letters = parseNameStatus(await git(directory, [...DIFF, "--name-status", "-z", from, head, "--"]));
  return sizes.map((size) => ({ ...size, status: statusOf(letters.get(size.path)) }));
}

/** Histories without a common commit part at the empty tree. */
async function parting(directory: string, base: string, head: string): Promise<string> {
  const found = (await gitOrNothing(directory, ["merge-base", base, head]))?.trim();
  return found ?? "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
}

function parseNumstat(output: string): Array<Omit<ChangedFile, "status">> {
  const parts = output.split("\0");
  const files: Array<Omit<ChangedFile, "status">> = [];
  for (let index = 0; index < parts.length - 1; index += 1) {
    const [insertions = "", deletions = "", path = ""] = (parts[index] ?? "").split("\t");
    const size = {
      insertions: Number(insertions) || 0,
      deletions: Number(deletions) || 0,
      isBinary: insertions === "-",
    };
    if (path !== "") {
      files.push({ path, ...size });
    } else {
      // A rename: the two paths follow as parts of their own.
      files.push({ path: parts[index + 2] ?? "", formerPath: parts[index + 1] ?? "", ...size });
      index += 2;
    }
  }
  return files;
}

function parseNameStatus(output: string): Map<string, string> {
  const parts = output.split("\0").filter((part) => part !== "");
  const letters = new Map<string, string>();
  for (let index = 0; index < parts.length; ) {
    const letter = (parts[index] ?? "").charAt(0);
    const paths = letter === "R" || letter === "C" ? 2 : 1;
    letters.set(parts[index + paths] ?? "", letter);
    index += paths + 1;
  }
  return letters;
}

function statusOf(letter: string | undefined): ChangedFile["status"] {
  if (letter === "A") return "added";
  if (letter === "D") return "removed";
  return letter === "R" ? "renamed" : "modified";
}
