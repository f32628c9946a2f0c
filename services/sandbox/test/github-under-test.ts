import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Octokit } from "@octokit/rest";
import { temporaryFolder } from "@peerbot/testing";
import { execa } from "execa";
import { GIT_ENVIRONMENT } from "../src/github/git-command.ts";
import { type GitHubOptions, type GitHubStandIn, registerGitHub } from "../src/github/index.ts";
import { type StandInServer, standInServer } from "./stand-in-server.ts";

export const TOKEN = "ghp_test_token";
export const ORGANIZATION = "acme";

export type GitHubUnderTest = Awaited<ReturnType<typeof openGitHub>>;

/** A stand-in with an empty GitHub, and a folder for clones. */
export async function openGitHub(options: Partial<GitHubOptions> = {}) {
  const folder = await temporaryFolder();
  let server: StandInServer;
  let standIn: GitHubStandIn;

  const start = async () => {
    const { promise, resolve } = Promise.withResolvers<GitHubStandIn>();
    server = await standInServer(async (fastify, publicUrl) => {
      const own = { dataDir: join(folder.path, "data"), token: TOKEN, organization: ORGANIZATION, publicUrl };
      resolve(await registerGitHub(fastify, { ...own, ...options }));
    });
    standIn = await promise;
  };
  await start();

  return {
    folder: folder.path,
    standIn: () => standIn,
    url: () => server.url(),
    octokit: (auth: string = TOKEN) => {
      const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
      return new Octokit({ auth, baseUrl: `${server.url()}/github/api`, log: quiet });
    },
    gitUrl: (repository: string, token: string | undefined = TOKEN) => {
      const url = new URL(`${server.url()}/github/git/${ORGANIZATION}/${repository}.git`);
      url.username = token === undefined ? "" : "x-access-token";
      url.password = token ?? "";
      return url.toString();
    },
    restart: async () => {
      await server[Symbol.asyncDispose]();
      await start();
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Runs git as a person does who has set up nothing, in this folder only: run from a git hook, tests inherit GIT_DIR. */
export async function runGit(cwd: string, ...args: string[]): Promise<string> {
  const person = { NAME: "Ann", EMAIL: "ann@example.com" };
  const { stdout } = await execa("git", args, {
    cwd,
    env: {
      ...GIT_ENVIRONMENT,
      GIT_AUTHOR_NAME: person.NAME,
      GIT_AUTHOR_EMAIL: person.EMAIL,
      GIT_COMMITTER_NAME: person.NAME,
      GIT_COMMITTER_EMAIL: person.EMAIL,
    },
  });
  return stdout;
}

/** Commits one file on a branch of the clone, which is made when it does not exist; gives the commit's id. */
export async function commitFile(clone: string, branch: string, path: string, content: string): Promise<string> {
  await runGit(clone, "checkout", "--quiet", "-B", branch);
  await writeFile(join(clone, path), content);
  await runGit(clone, "add", "--all");
  await runGit(clone, "commit", "--quiet", "-m", `Change ${path}`);
  return runGit(clone, "rev-parse", "HEAD");
}
