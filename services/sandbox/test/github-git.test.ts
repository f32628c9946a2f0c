import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { until } from "@peerbot/testing";
import { expect } from "chai";
import { execa } from "execa";
import { commitFile, type GitHubUnderTest, ORGANIZATION, openGitHub, runGit, TOKEN } from "./github-under-test.ts";

const REPO = "things";
const PLACE = { owner: ORGANIZATION, repo: REPO };

describe("git at the GitHub stand-in", () => {
  let github: GitHubUnderTest;
  let clone: string;

  const cloneTo = async (name: string) => {
    await runGit(github.folder, "clone", "--quiet", github.gitUrl(REPO), name);
    return join(github.folder, name);
  };

  beforeEach(async () => {
    github = await openGitHub();
    await github.octokit().repos.createInOrg({ org: ORGANIZATION, name: REPO, private: true, auto_init: true });
    clone = await cloneTo("clone");
  });
  afterEach(async () => {
    await github[Symbol.asyncDispose]();
  });

  it("shows over REST what was pushed", async () => {
    const sha = await commitFile(clone, "claude/session-1", "hello.txt", "hello\n");
    await runGit(clone, "push", "--quiet", "origin", "claude/session-1");
    const { data } = await github.octokit().repos.getBranch({ ...PLACE, branch: "claude/session-1" });
    expect(data.commit.sha).to.equal(sha);
    const raw = { ...PLACE, path: "hello.txt", ref: "claude/session-1", mediaType: { format: "raw" } };
    expect((await github.octokit().repos.getContent(raw)).data).to.equal("hello\n");
  });

  it("fetches what was committed over REST", async () => {
    const content = Buffer.from("over REST").toString("base64");
    const file = { ...PLACE, path: "rest.txt", message: "Add rest.txt", content };
    const { data } = await github.octokit().repos.createOrUpdateFileContents(file);
    await runGit(clone, "pull", "--quiet", "origin", "main");
    expect(await runGit(clone, "rev-parse", "HEAD")).to.equal(data.commit.sha);
  });

  it("asks for credentials first and takes only the token", async () => {
    const refs = `${github.url()}/github/git/${ORGANIZATION}/${REPO}.git/info/refs?service=git-upload-pack`;
    const anonymous = await fetch(refs);
    expect(anonymous.status).to.equal(401);
    expect(anonymous.headers.get("www-authenticate")).to.match(/^Basic realm=/);
    for (const credentials of [`x-access-token:wrong`, `somebody:${TOKEN}`, "x-access-token:"]) {
      const authorization = `Basic ${Buffer.from(credentials).toString("base64")}`;
      expect((await fetch(refs, { headers: { authorization } })).status).to.equal(401);
    }
    const failure = await failureOf(runGit(github.folder, "ls-remote", github.gitUrl(REPO, "wrong")));
    expect(failure).to.match(/Authentication failed/);
  });

  it("does not know repositories that are not there, nor files beside them", async () => {
    expect(await failureOf(runGit(github.folder, "ls-remote", github.gitUrl("nothing")))).to.match(/not found/i);
    const authorization = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString("base64")}`;
    for (const path of [
      `${REPO}.git/config`,
      `${REPO}.git/HEAD`,
      `${REPO}.git/objects/info/packs`,
      "..%2f..%2fgithub.json",
    ]) {
      const answer = await fetch(`${github.url()}/github/git/${ORGANIZATION}/${path}`, { headers: { authorization } });
      expect(answer.status, path).to.equal(404);
    }
    const dumb = `${github.url()}/github/git/${ORGANIZATION}/${REPO}.git/info/refs`;
    expect((await fetch(dumb, { headers: { authorization } })).status).to.equal(403);
  });

  it("speaks protocol version 2, clones shallowly and without blobs", async () => {
    const refs = `${github.url()}/github/git/${ORGANIZATION}/${REPO}.git/info/refs?service=git-upload-pack`;
    const authorization = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString("base64")}`;
    const answer = await fetch(refs, { headers: { authorization, "git-protocol": "version=2" } });
    expect(await answer.text()).to.include("version 2");
    const options = ["--quiet", "--depth=1", "--filter=blob:none"];
    await runGit(github.folder, "clone", ...options, github.gitUrl(REPO), "shallow");
    expect(await runGit(join(github.folder, "shallow"), "rev-list", "--count", "HEAD")).to.equal("1");
  });

  it("takes large pushes in chunks and fetches with many wants in gzipped requests", async () => {
    await writeFile(join(clone, "large.bin"), randomBytes(3_000_000));
    for (let branch = 0; branch < 30; branch += 1) await runGit(clone, "branch", `many/${branch}`, "HEAD");
    const sha = await commitFile(clone, "large", "note.txt", "with a large file");
    await runGit(clone, "push", "--quiet", "origin", "large", "refs/heads/many/*:refs/heads/many/*");
    const other = await cloneTo("other");
    expect(await runGit(other, "rev-parse", "origin/large")).to.equal(sha);
    await runGit(other, "fsck", "--no-progress");
  });

  it("notes every ref that was pushed, with what was there before, also over a restart", async () => {
    const first = await commitFile(clone, "topic", "a.txt", "a");
    await runGit(clone, "push", "--quiet", "origin", "topic");
    const second = await commitFile(clone, "topic", "b.txt", "b");
    await runGit(clone, "push", "--quiet", "origin", "topic");
    await runGit(clone, "push", "--quiet", "origin", "--delete", "topic");
    const none = "0".repeat(40);
    const expected = [
      { ref: "refs/heads/topic", old: none, new: first },
      { ref: "refs/heads/topic", old: first, new: second },
      { ref: "refs/heads/topic", old: second, new: none },
    ];
    const told = () => github.standIn().pushes.map(({ ref, old, new: now }) => ({ ref, old, new: now }));
    expect(told()).to.deep.equal(expected);
    expect(github.standIn().pushes[0]).to.include({ owner: ORGANIZATION, repo: REPO });
    expect(Date.now() - (github.standIn().pushes[0]?.at ?? 0)).to.be.below(60_000);
    await github.restart();
    expect(told()).to.deep.equal(expected);
  });

  it("refuses a push that is not upon what is there, and takes it by force", async () => {
    const other = await cloneTo("other");
    await commitFile(clone, "topic", "a.txt", "mine");
    await runGit(clone, "push", "--quiet", "origin", "topic");
    const theirs = await commitFile(other, "topic", "a.txt", "theirs");
    expect(await failureOf(runGit(other, "push", "--quiet", "origin", "topic"))).to.match(/rejected|fetch first/);
    expect(github.standIn().pushes).to.have.length(1);
    await runGit(other, "push", "--quiet", "--force", "origin", "topic");
    expect(github.standIn().pushes[1]).to.include({ new: theirs });
  });

  it("lets one of two simultaneous pushes to a branch win", async () => {
    const clones = await Promise.all(["one", "two", "three"].map(cloneTo));
    const shas = await Promise.all(clones.map((each, index) => commitFile(each, "raced", "r.txt", String(index))));
    const results = await Promise.allSettled(clones.map((each) => runGit(each, "push", "--quiet", "origin", "raced")));
    const winners = shas.filter((_, index) => results[index]?.status === "fulfilled");
    expect(winners).to.have.length(1);
    expect(github.standIn().pushes.map(({ new: sha }) => sha)).to.deep.equal(winners);
  });

  it("refuses a push to a locked branch as git does, and takes it once the lock is gone", async () => {
    await commitFile(clone, "locked", "a.txt", "a");
    const heads = join(github.folder, "data", "github", "repositories", "1.git", "refs", "heads");
    await mkdir(heads, { recursive: true });
    await writeFile(join(heads, "locked.lock"), "");
    const failure = await failureOf(runGit(clone, "push", "--quiet", "origin", "locked"));
    expect(failure).to.match(/failed to (update ref|lock)|cannot lock ref/);
    await rm(join(heads, "locked.lock"));
    await runGit(clone, "push", "--quiet", "origin", "locked");
  });

  it("lets nobody push the refs of pull requests or delete the default branch", async () => {
    const pull = await failureOf(runGit(clone, "push", "--quiet", "origin", "main:refs/pull/1/head"));
    expect(pull).to.match(/hidden ref/);
    expect(await failureOf(runGit(clone, "push", "--quiet", "origin", "--delete", "main"))).to.match(/current branch/);
  });

  it("takes a push although the answer to it is lost", async () => {
    const sha = await commitFile(clone, "topic", "a.txt", "a");
    github.standIn().faults.failNext({ afterEffect: true, match: /^POST .*git-receive-pack/ });
    await failureOf(runGit(clone, "push", "--quiet", "origin", "topic"));
    expect(await runGit(clone, "ls-remote", "origin", "topic")).to.include(sha);
    expect(github.standIn().pushes).to.have.length(1);
  });

  it("takes a push, and notes it, although nobody listens any more to what git says of it", async () => {
    const sha = await commitFile(clone, "topic", "a.txt", "a");
    const pack = await execa("git", ["pack-objects", "--revs", "--stdout", "--quiet"], {
      cwd: clone,
      input: sha,
      encoding: "buffer",
    });
    const wish = `${"0".repeat(40)} ${sha} refs/heads/topic\0report-status side-band-64k`;
    const body = [Buffer.from(`${(wish.length + 4).toString(16).padStart(4, "0")}${wish}0000`), pack.stdout];
    const hooks = join(github.folder, "data", "github", "repositories", "1.git", "hooks");
    const begun = join(github.folder, "begun");
    await writeFile(join(hooks, "update"), `#!/bin/sh\ntouch ${begun}\nsleep 0.3\necho taken >&2\nsleep 0.1\n`, {
      mode: 0o755,
    });
    const pushing = request(`${github.url()}/github/git/${ORGANIZATION}/${REPO}.git/git-receive-pack`, {
      method: "POST",
      auth: `x-access-token:${TOKEN}`,
      headers: { "content-type": "application/x-git-receive-pack-request" },
    });
    pushing.on("error", () => {}); // it breaks off
    for (const part of body) pushing.write(part);
    await until(() => existsSync(begun), { what: "git to take the push" });
    pushing.destroy();
    await until(() => github.standIn().pushes.length > 0, { what: "the push to be noted", timeoutMs: 5_000 });
    expect(github.standIn().pushes[0]).to.include({ new: sha });
  });

  it("fails a push with the status it was told, without taking it", async () => {
    await commitFile(clone, "topic", "a.txt", "a");
    github.standIn().faults.failNext({ status: 503, match: /git-receive-pack/ });
    expect(await failureOf(runGit(clone, "push", "--quiet", "origin", "topic"))).to.include("503");
    expect(await runGit(clone, "ls-remote", "origin", "topic")).to.equal("");
  });

  it("finds a repository by its former name", async () => {
    await github.octokit().repos.update({ ...PLACE, name: "renamed" });
    expect(await runGit(clone, "ls-remote", "origin", "main")).to.include("refs/heads/main");
    expect((await github.octokit().repos.get(PLACE)).data.name).to.equal("renamed");
  });
});

async function failureOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    (value) => {
      throw new Error(`expected a failure, but it gave ${JSON.stringify(value)}`);
    },
    (error: unknown) => String(error),
  );
}
