/** The folders and files a person's repository begins with, by path. */
export const INITIAL_FILES: ReadonlyMap<string, string> = new Map([
  ["README.md", readme()],
  [".gitignore", gitignore()],
  ["projects/README.md", "# Projects\n\nOne folder for each thing that is being built.\n"],
  ["scripts/README.md", "# Scripts\n\nSmall programs worth keeping.\n"],
  ["workspace/README.md", "# Workspace\n\nRoom for drafts and experiments.\n"],
]);

/** What lies at the top of a repository that has all of them. */
export const INITIAL_ENTRIES: readonly string[] = [...INITIAL_FILES.keys()].map((path) => path.replace(/\/.*/, ""));

function readme(): string {
  return `# Workspace

Peerbot works here for one person. Each thread in Slack has a branch of its own, \`claude/session-…\`, and ends in a pull
request.

- \`projects/\` – one folder for each thing that is being built
- \`scripts/\` – small programs worth keeping
- \`workspace/\` – room for drafts and experiments
`;
}

function gitignore(): string {
  return `.DS_Store
.env
.env.*
!.env.example
.venv/
__pycache__/
*.log
*.pyc
build/
coverage/
dist/
node_modules/
target/
`;
}
