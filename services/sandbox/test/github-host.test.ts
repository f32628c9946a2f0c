import { join } from "node:path";
import type { Person, Repository } from "@peerbot/contracts";
import { createGitHubHost, type GitHost, GitHostError } from "@peerbot/git-host";
import { Secret } from "@peerbot/runtime";
import { expect } from "chai";
import type { Fault } from "../src/fault-injection.ts";
import { commitFile, type GitHubUnderTest, ORGANIZATION, openGitHub, runGit, TOKEN } from "./github-under-test.ts";

const ANN: Person = { team: "T1", id: "U0ANN", name: "Ann" };
const CREATE = /^POST \/github\/api\/orgs\//;
const BRANCH = "claude/session-c1-1-abcdef";

describe("the GitHub host", () => {
  let github: GitHubUnderTest;
  let host: GitHost;

  const hostWith = (overrides: { token?: string; organization?: string; timeoutMs?: number; apiUrl?: string } = {}) =>
    createGitHubHost({
      apiUrl: overrides.apiUrl ?? `${github.url()}/github/api`,
      gitUrl: `${github.url()}/github/git`,
      organization: overrides.organization ?? ORGANIZATION,
      token: new Secret(overrides.token ?? TOKEN),
      timeoutMs: overrides.timeoutMs ?? 5_000,
    });
  const fail = (fault: Fault) => github.standIn().faults.failNext(fault);
  const count = (pattern: RegExp) =>
    github.standIn().requests.filter(({ method, url }) => pattern.test(`${method} ${url}`)).length;
  const repositories = async () => (await github.octokit().repos.listForOrg({ org: ORGANIZATION })).data;

  beforeEach(async () => {
    github = await openGitHub();
    host = hostWith();
  });
  afterEach(async () => {
    await github[Symbol.asyncDispose]();
  });

  describe("a person's repository", () => {
    it("is made private, with its first files, and can be cloned", async () => {
      const repository = await host.ensureRepository(ANN);
      expect(repository).to.include({ owner: ORGANIZATION, name: "user-ann", defaultBranch: "main" });
      const [made] = await repositories();
      expect(made).to.include({ private: true, description: "Peerbot workspace of Slack user U0ANN in team T1" });
      expect(repository.webUrl).to.equal(made?.html_url);

      await runGit(github.folder, "clone", "--quiet", github.gitUrl("user-ann"), "clone");
      const files = await runGit(join(github.folder, "clone"), "ls-files");
      expect(files.split("\n").map((path) => path.replace(/\/.*/, "/"))).to.deep.equal([
        ".gitignore",
        "README.md",
        "projects/",
        "scripts/",
        "workspace/",
      ]);
    });

    it("is the same one the next time, unchanged", async () => {
      const first = await host.ensureRepository(ANN);
      const second = await hostWith().ensureRepository(ANN);
      expect(second).to.deep.equal(first);
      expect(await commitsOf(first)).to.equal(2);
    });

    it("is not the one of somebody else of the same name", async () => {
      const one = await host.ensureRepository(ANN);
      const other = await host.ensureRepository({ ...ANN, id: "U0OTHER" });
      const third = await host.ensureRepository({ ...ANN, team: "T2" });
      expect(other.name).to.equal("user-ann-u0other");
      expect(third.name).to.equal("user-ann-u0ann");
      const fourth = await host.ensureRepository({ ...ANN, team: "T3" });
      expect(new Set([one, other, third, fourth].map(({ name }) => name)).size).to.equal(4);
      expect((await host.ensureRepository({ ...ANN, id: "U0OTHER" })).name).to.equal(other.name);
    });

    it("is not one that merely has the fitting name", async () => {
      await github
        .octokit()
        .repos.createInOrg({ org: ORGANIZATION, name: "user-ann", description: "Ann's own things" });
      expect((await host.ensureRepository(ANN)).name).to.equal("user-ann-u0ann");
    });

    it("stays the same when the person is called something else", async () => {
      const before = await host.ensureRepository(ANN);
      expect(await hostWith().ensureRepository({ ...ANN, name: "Bob" })).to.deep.equal(before);
      expect(await repositories()).to.have.length(1);
    });

    it("stays the same for a renamed person also while the search does not know it", async () => {
      await github[Symbol.asyncDispose]();
      github = await openGitHub({ searchDelayMs: 60_000 });
      const before = await hostWith().ensureRepository(ANN);
      expect(await hostWith().ensureRepository({ ...ANN, name: "Bob" })).to.deep.equal(before);
    });

    it("stays the same when somebody renamed it", async () => {
      const before = await host.ensureRepository(ANN);
      await github.octokit().repos.update({ owner: ORGANIZATION, repo: before.name, name: "annes-werkstatt" });
      const after = await host.ensureRepository(ANN);
      expect(after.name).to.equal("annes-werkstatt");
      expect(await repositories()).to.have.length(1);
    });

    it("is made anew after it was deleted", async () => {
      const { name } = await host.ensureRepository(ANN);
      await github.octokit().repos.delete({ owner: ORGANIZATION, repo: name });
      const again = await host.ensureRepository(ANN);
      expect(again.name).to.equal(name);
      expect(await commitsOf(again)).to.equal(2);
    });

    it("is one when several replicas make it at once, with its files written once", async () => {
      const made = await Promise.all([1, 2, 3].map(() => hostWith().ensureRepository(ANN)));
      expect(new Set(made.map(({ name }) => name))).to.deep.equal(new Set(["user-ann"]));
      expect(await repositories()).to.have.length(1);
      expect(await commitsOf({ name: "user-ann" })).to.equal(2);
    });

    it("is everybody's own when people of one name come at once", async () => {
      const people = ["U1", "U2", "U3"].map((id) => ({ ...ANN, id }));
      const made = await Promise.all(people.map((person) => hostWith().ensureRepository(person)));
      expect(new Set(made.map(({ name }) => name)).size).to.equal(3);
      const again = await Promise.all(people.map((person) => hostWith().ensureRepository(person)));
      expect(again).to.deep.equal(made);
    });

    for (const [when, match] of [
      ["its creation", CREATE],
      ["the tree", /^POST .*\/git\/trees/],
      ["the commit", /^POST .*\/git\/commits/],
      ["the branch", /^PATCH .*\/git\/refs/],
    ] as const) {
      it(`is completed after a crash between ${when} and the answer`, async () => {
        fail({ afterEffect: true, match });
        const failure = await failureOf(host.ensureRepository(ANN));
        expect(failure).to.include({ code: "github-unavailable", retryable: true });
        const repository = await hostWith().ensureRepository(ANN);
        expect(repository.name).to.equal("user-ann");
        expect(count(CREATE)).to.equal(1);
        expect(await commitsOf(repository)).to.equal(2);
        await expectFiles(repository);
      });
    }

    it("gets its first files also when it has no commit at all", async () => {
      const description = "Peerbot workspace of Slack user U0ANN in team T1";
      await github.octokit().repos.createInOrg({ org: ORGANIZATION, name: "user-ann", description, private: true });
      await expectFiles(await host.ensureRepository(ANN));
    });

    it("is left alone once somebody works in it, whatever was removed", async () => {
      const { name } = await host.ensureRepository(ANN);
      await runGit(github.folder, "clone", "--quiet", github.gitUrl(name), "clone");
      const clone = join(github.folder, "clone");
      await runGit(clone, "rm", "-r", "--quiet", "scripts");
      await commitFile(clone, "main", "mine.txt", "mine");
      await runGit(clone, "push", "--quiet", "origin", "main");
      await hostWith().ensureRepository(ANN);
      expect(await runGit(clone, "ls-remote", "origin", "main")).to.include(await runGit(clone, "rev-parse", "HEAD"));
    });

    it("cannot be used while it is archived", async () => {
      const { name } = await host.ensureRepository(ANN);
      await github.octokit().repos.update({ owner: ORGANIZATION, repo: name, archived: true });
      expect(await failureOf(host.ensureRepository(ANN))).to.include({ code: "repository-archived", retryable: false });
    });

    it("is refused to somebody whose id is none of Slack's", async () => {
      for (const id of ["", "U1 in team T2", "../x", "U1\n"]) {
        expect(await failureOf(host.ensureRepository({ ...ANN, id }))).to.include({ code: "person-invalid" });
      }
      expect(github.standIn().requests).to.have.length(0);
    });
  });

  describe("a pull request", () => {
    let repository: Repository;
    let clone: string;
    const draft = (overrides = {}) => ({
      repository,
      head: BRANCH,
      base: "main",
      title: "Add a health endpoint",
      body: "It says *ok*.",
      ...overrides,
    });

    beforeEach(async () => {
      repository = await host.ensureRepository(ANN);
      clone = join(github.folder, "clone");
      await runGit(github.folder, "clone", "--quiet", github.gitUrl(repository.name), "clone");
      await commitFile(clone, BRANCH, "health.ts", "export const health = 'ok';\n");
      await runGit(clone, "push", "--quiet", "origin", BRANCH);
    });

    it("is opened with title, body and the diff of what was pushed", async () => {
      const { number, url } = await host.openPullRequest(draft());
      expect(url).to.equal(`${github.url()}/github/${ORGANIZATION}/${repository.name}/pull/${number}`);
      const [pull] = github.standIn().pullRequests();
      expect(pull).to.include({ title: "Add a health endpoint", body: "It says *ok*.", head: BRANCH, base: "main" });
      const diff = await github.standIn().diff(ORGANIZATION, repository.name, number);
      expect(diff?.text).to.include("+export const health = 'ok';");
      expect(diff?.files).to.deep.equal([{ path: "health.ts", insertions: 1, deletions: 0, isBinary: false }]);
    });

    it("is the same one the next time, with title and body brought up to date", async () => {
      const first = await host.openPullRequest(draft());
      const second = await host.openPullRequest(draft({ title: "Add two endpoints", body: "Both say *ok*." }));
      expect(second).to.deep.equal(first);
      expect(github.standIn().pullRequests()).to.have.length(1);
      expect(github.standIn().pullRequests()[0]).to.include({ title: "Add two endpoints", body: "Both say *ok*." });
    });

    it("is one when it is opened several times at once", async () => {
      const opened = await Promise.all([1, 2, 3].map(() => hostWith().openPullRequest(draft())));
      expect(new Set(opened.map(({ number }) => number)).size).to.equal(1);
      expect(github.standIn().pullRequests()).to.have.length(1);
    });

    it("is found again when the answer to opening it was lost", async () => {
      fail({ afterEffect: true, match: /^POST .*\/pulls/ });
      expect(await failureOf(host.openPullRequest(draft()))).to.include({
        code: "github-unavailable",
        retryable: true,
      });
      await host.openPullRequest(draft());
      expect(github.standIn().pullRequests()).to.have.length(1);
    });

    it("is opened anew after the last one was closed", async () => {
      const first = await host.openPullRequest(draft());
      const place = { owner: ORGANIZATION, repo: repository.name, pull_number: first.number };
      await github.octokit().pulls.update({ ...place, state: "closed" });
      expect((await host.openPullRequest(draft())).number).to.equal(first.number + 1);
    });

    it("needs a commit that the base lacks", async () => {
      await runGit(clone, "push", "--quiet", "origin", "main:empty");
      const failure = await failureOf(host.openPullRequest(draft({ head: "empty" })));
      expect(failure).to.include({ code: "nothing-to-merge", retryable: false });
    });

    it("needs its branch", async () => {
      const failure = await failureOf(host.openPullRequest(draft({ head: "claude/session-not-pushed" })));
      expect(failure).to.include({ code: "branch-missing" });
      expect(failure.message).to.include("claude/session-not-pushed");
    });

    it("says that the repository was deleted", async () => {
      await github.octokit().repos.delete({ owner: ORGANIZATION, repo: repository.name });
      const failure = await failureOf(host.openPullRequest(draft()));
      expect(failure).to.include({ code: "repository-deleted", retryable: false });
    });
  });

  describe("access for git", () => {
    it("is an address without the credential, and the header with it", async () => {
      const repository = await host.ensureRepository(ANN);
      const { url, authorization } = await host.gitAccess(repository);
      expect(url).to.equal(`${github.url()}/github/git/${ORGANIZATION}/user-ann.git`);
      expect(url).to.not.include(TOKEN);
      const header = `http.extraHeader=Authorization: ${authorization.reveal()}`;
      expect(await runGit(github.folder, "-c", header, "ls-remote", url)).to.include("refs/heads/main");
    });
  });

  describe("failures", () => {
    const ensure = () => failureOf(host.ensureRepository(ANN));

    it("tell a bad token", async () => {
      const failure = await failureOf(hostWith({ token: "wrong" }).ensureRepository(ANN));
      expect(failure).to.include({ code: "github-unauthorized", retryable: false });
      expect(failure.hint).to.include("GITHUB_TOKEN");
      expect(await failureOf(hostWith({ token: "wrong" }).checkReady())).to.include({ code: "github-unauthorized" });
    });

    it("tell which permission the token lacks", async () => {
      const headers = { "x-accepted-github-permissions": "administration=write" };
      fail({ status: 403, match: CREATE, headers });
      const failure = await ensure();
      expect(failure).to.include({ code: "github-forbidden", retryable: false });
      expect(failure.hint).to.include("Administration: write").and.include("administration=write");
    });

    it("tell a missing organisation", async () => {
      const elsewhere = hostWith({ organization: "nobody" });
      const failure = await failureOf(elsewhere.ensureRepository(ANN));
      expect(failure).to.include({ code: "github-not-found", retryable: false });
      expect(failure.hint).to.include("GITHUB_ORGANIZATION");
      expect((await failureOf(elsewhere.checkReady())).message).to.include("nobody");
    });

    it("tell rate limits of both kinds, and when they end", async () => {
      fail({
        status: 403,
        headers: { "retry-after": "42" },
        body: { message: "You have exceeded a secondary rate limit" },
      });
      expect(await ensure()).to.include({ code: "github-rate-limited", retryable: true, retryAfterSeconds: 42 });
      const reset = String(Math.floor(Date.now() / 1000) + 100);
      fail({ status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset } });
      expect((await ensure()).retryAfterSeconds).to.be.within(98, 101);
      fail({ status: 429 });
      expect(await ensure()).to.include({ code: "github-rate-limited" });
    });

    it("tell that GitHub is away, and that later may work", async () => {
      fail({ status: 502, body: "<html>Unicorn!</html>", headers: { "content-type": "text/html" } });
      expect(await ensure()).to.include({ code: "github-unavailable", retryable: true });
      const unreachable = hostWith({ apiUrl: "http://127.0.0.1:1" });
      expect(await failureOf(unreachable.checkReady())).to.include({ code: "github-unavailable", retryable: true });
    });

    it("come in time when GitHub does not answer", async () => {
      fail({ timeout: true });
      const failure = await failureOf(hostWith({ timeoutMs: 100 }).ensureRepository(ANN));
      expect(failure).to.include({ code: "github-unavailable", retryable: true });
    });

    it("never show the token", async () => {
      fail({ status: 500 });
      const failure = await ensure();
      expect(`${failure.stack}${failure.hint}${JSON.stringify(failure.cause)}`).to.not.include(TOKEN);
    });
  });

  it("is ready when token and organisation are good", async () => {
    await host.checkReady();
    await host.checkReady();
    expect(count(/^GET \/github\/api\/orgs\/acme$/)).to.equal(1);
  });

  async function commitsOf({ name }: { name: string }): Promise<number> {
    return (await github.octokit().repos.listCommits({ owner: ORGANIZATION, repo: name })).data.length;
  }

  async function expectFiles({ name, defaultBranch }: Repository): Promise<void> {
    const place = { owner: ORGANIZATION, repo: name };
    const { data } = await github.octokit().git.getTree({ ...place, tree_sha: defaultBranch });
    const names = data.tree.map(({ path }) => path);
    expect(names).to.have.members([".gitignore", "README.md", "projects", "scripts", "workspace"]);
  }
});

async function failureOf(promise: Promise<unknown>): Promise<GitHostError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!("error" in outcome)) throw new Error(`expected a failure, but it gave ${JSON.stringify(outcome.value)}`);
  if (!(outcome.error instanceof GitHostError)) throw outcome.error;
  return outcome.error;
}
