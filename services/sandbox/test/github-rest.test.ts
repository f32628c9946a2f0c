import { join } from "node:path";
import { expect } from "chai";
import { commitFile, type GitHubUnderTest, ORGANIZATION, openGitHub, runGit } from "./github-under-test.ts";

const REPO = "things";
const PLACE = { owner: ORGANIZATION, repo: REPO };

describe("the REST API of the GitHub stand-in", () => {
  let github: GitHubUnderTest;
  const api = () => github.octokit();

  const refusal = async (promise: Promise<unknown>) => {
    const error = await promise.then(
      (value) => new Error(`expected a refusal, but it gave ${JSON.stringify(value)}`),
      (reason: unknown) => reason,
    );
    const { status, response } = error as {
      status?: number;
      response?: { data: { message: string; errors?: unknown } };
    };
    if (status === undefined || response === undefined) throw error;
    return { status, message: response.data.message, errors: response.data.errors };
  };

  beforeEach(async () => {
    github = await openGitHub();
    await api().repos.createInOrg({ org: ORGANIZATION, name: REPO, description: "Some things", auto_init: true });
  });
  afterEach(async () => {
    await github[Symbol.asyncDispose]();
  });

  it("answers 401 to a bad token", async () => {
    const answer = await fetch(`${github.url()}/github/api/user`, { headers: { authorization: "token wrong" } });
    expect(answer.status).to.equal(401);
    expect(await answer.json()).to.deep.equal({
      message: "Bad credentials",
      documentation_url: "https://docs.github.com/rest",
      status: "401",
    });
    expect((await fetch(`${github.url()}/github/api/user`)).status).to.equal(401);
    expect((await api().users.getAuthenticated()).data.login).to.equal("peerbot-bot");
  });

  it("answers 404 in JSON to what it does not know", async () => {
    expect(await refusal(api().request("GET /no/such/route"))).to.include({ status: 404, message: "Not Found" });
    expect(await refusal(api().repos.get({ owner: "others", repo: REPO }))).to.include({ status: 404 });
    expect(await refusal(api().repos.createInOrg({ org: "others", name: "x" }))).to.include({ status: 404 });
  });

  it("says what is wrong with a body", async () => {
    const missing = await refusal(api().request(`POST /orgs/${ORGANIZATION}/repos`));
    expect(missing).to.include({ status: 422, message: "Validation Failed" });
    expect(missing.errors).to.deep.include.members([
      {
        resource: "Repository",
        field: "name",
        code: "missing_field",
        message: "Invalid input: expected string, received undefined",
      },
    ]);
    const control = await refusal(api().repos.createInOrg({ org: ORGANIZATION, name: "x", description: "a\nb" }));
    expect(JSON.stringify(control.errors)).to.include("control characters");
  });

  it("lets a name be taken once, in whatever case, also by two at once", async () => {
    const create = (name: string) => api().repos.createInOrg({ org: ORGANIZATION, name });
    const taken = await refusal(create("THINGS"));
    expect(taken).to.include({ status: 422, message: "Repository creation failed." });
    expect(JSON.stringify(taken.errors)).to.include("name already exists on this account");
    const results = await Promise.allSettled([create("raced"), create("raced")]);
    expect(results.map(({ status }) => status).sort()).to.deep.equal(["fulfilled", "rejected"]);
  });

  it("keeps repositories and pull requests over a restart", async () => {
    await openPull();
    await github.restart();
    expect((await api().repos.get(PLACE)).data.description).to.equal("Some things");
    expect((await api().pulls.list(PLACE)).data[0]?.title).to.equal("A change");
  });

  it("finds repositories by words of the description within the organisation", async () => {
    await api().repos.createInOrg({ org: ORGANIZATION, name: "other", description: "Other things" });
    const search = async (q: string) => (await api().search.repos({ q })).data.items.map(({ name }) => name);
    expect(await search(`"some things" in:description org:${ORGANIZATION}`)).to.deep.equal(["things"]);
    expect(await search("things in:description")).to.have.members(["things", "other"]);
    expect(await search("things in:description org:others")).to.deep.equal([]);
  });

  it("makes no git objects in a repository without a commit, but a first file", async () => {
    await api().repos.createInOrg({ org: ORGANIZATION, name: "empty" });
    const empty = { owner: ORGANIZATION, repo: "empty" };
    const blob = await refusal(api().git.createBlob({ ...empty, content: "x" }));
    expect(blob).to.include({ status: 409, message: "Git Repository is empty." });
    expect(await refusal(api().repos.listCommits(empty))).to.include({ status: 409 });
    await api().repos.createOrUpdateFileContents({ ...empty, path: "a/b.txt", message: "First", content: "eA==" });
    expect((await api().repos.listCommits(empty)).data.map(({ commit }) => commit.message)).to.deep.equal(["First"]);
  });

  it("builds a commit of blobs and trees and moves a branch to it only forward", async () => {
    const head = (await api().git.getRef({ ...PLACE, ref: "heads/main" })).data.object.sha;
    const tree = await api().git.createTree({
      ...PLACE,
      base_tree: head,
      tree: [{ path: "src/index.ts", mode: "100644", type: "blob", content: "export {};\n" }],
    });
    const commit = { ...PLACE, message: "Add src", tree: tree.data.sha };
    const next = (await api().git.createCommit({ ...commit, parents: [head] })).data.sha;
    const stray = (await api().git.createCommit({ ...commit, parents: [] })).data.sha;
    const ref = { ...PLACE, ref: "heads/main" };
    expect(await refusal(api().git.updateRef({ ...ref, sha: stray }))).to.include({
      status: 422,
      message: "Update is not a fast forward",
    });
    await api().git.updateRef({ ...ref, sha: next });
    expect(await refusal(api().git.updateRef({ ...ref, sha: head }))).to.include({ status: 422 });
    const { data } = await api().git.getTree({ ...PLACE, tree_sha: "main", recursive: "true" });
    expect(data.tree.map(({ path }) => path)).to.deep.equal(["README.md", "src", "src/index.ts"]);
    await api().git.createRef({ ...PLACE, ref: "refs/heads/copy", sha: next });
    const again = await refusal(api().git.createRef({ ...PLACE, ref: "refs/heads/copy", sha: next }));
    expect(again).to.include({ status: 422, message: "Reference already exists" });
    expect(await refusal(api().git.createRef({ ...PLACE, ref: "refs/heads/a..b", sha: next }))).to.include({
      status: 422,
    });
  });

  it("refuses paths that lead out of a tree", async () => {
    const head = (await api().git.getRef({ ...PLACE, ref: "heads/main" })).data.object.sha;
    for (const path of ["../x", ".git/config", "a//b"]) {
      const tree = [{ path, mode: "100644", type: "blob", content: "x" } as const];
      expect(await refusal(api().git.createTree({ ...PLACE, base_tree: head, tree })), path).to.include({
        status: 422,
      });
    }
  });

  it("replaces a file only for somebody who knows what is there", async () => {
    const file = { ...PLACE, path: "README.md", message: "Rewrite", content: Buffer.from("new").toString("base64") };
    expect(await refusal(api().repos.createOrUpdateFileContents(file))).to.include({ status: 422 });
    expect(await refusal(api().repos.createOrUpdateFileContents({ ...file, sha: "0".repeat(40) }))).to.include({
      status: 409,
    });
    const { data } = await api().repos.getContent({ ...PLACE, path: "README.md" });
    const sha = "sha" in data ? data.sha : "";
    await api().repos.createOrUpdateFileContents({ ...file, sha });
    const raw = await api().repos.getContent({ ...PLACE, path: "README.md", mediaType: { format: "raw" } });
    expect(raw.data).to.equal("new");
  });

  it("refuses pull requests without head, without news and for the second time", async () => {
    const pull = { ...PLACE, title: "A change", base: "main" };
    const missing = await refusal(api().pulls.create({ ...pull, head: "none" }));
    expect(missing.errors).to.deep.equal([{ resource: "PullRequest", field: "head", code: "invalid" }]);
    await api().git.createRef({ ...PLACE, ref: "refs/heads/same", sha: await headOf("main") });
    const same = await refusal(api().pulls.create({ ...pull, head: "same" }));
    expect(JSON.stringify(same.errors)).to.include("No commits between main and same");
    await openPull();
    const second = await refusal(api().pulls.create({ ...pull, head: "topic" }));
    expect(JSON.stringify(second.errors)).to.include("A pull request already exists for acme:topic.");
    expect(await refusal(api().pulls.create({ ...pull, head: "topic", title: "x".repeat(257) }))).to.include({
      status: 422,
    });
  });

  it("shows a pull request with its size, files, commits and diff", async () => {
    const { number } = await openPull();
    const place = { ...PLACE, pull_number: number };
    expect((await api().pulls.get(place)).data).to.include({
      additions: 2,
      deletions: 0,
      changed_files: 1,
      commits: 1,
    });
    expect((await api().pulls.listFiles(place)).data[0]).to.include({
      filename: "a.txt",
      status: "added",
      additions: 2,
    });
    expect((await api().pulls.listCommits(place)).data[0]?.commit.message).to.equal("Change a.txt");
    const diff = await api().pulls.get({ ...place, mediaType: { format: "diff" } });
    expect(String(diff.data))
      .to.match(/^diff --git a\/a.txt b\/a.txt/)
      .and.include("+two");
    const page = await github.standIn().pulls.find(ORGANIZATION, REPO, number);
    expect(page).to.include({ state: "open", files: 1, insertions: 2, deletions: 0, diff: String(diff.data) });
  });

  it("finds pull requests by head and state", async () => {
    await openPull();
    const list = async (query: object) => (await api().pulls.list({ ...PLACE, ...query })).data.length;
    expect(await list({ head: `${ORGANIZATION}:topic` })).to.equal(1);
    expect(await list({ head: `${ORGANIZATION}:other` })).to.equal(0);
    expect(await list({ state: "closed" })).to.equal(0);
  });

  it("follows the branches of a pull request: new commits, merged, deleted", async () => {
    const { number, clone } = await openPull();
    const place = { ...PLACE, pull_number: number };
    const sha = await commitFile(clone, "topic", "b.txt", "b");
    await runGit(clone, "push", "--quiet", "origin", "topic");
    expect((await api().pulls.get(place)).data).to.include({ changed_files: 2 });
    expect((await api().pulls.get(place)).data.head.sha).to.equal(sha);
    await runGit(clone, "push", "--quiet", "origin", "topic:main");
    const merged = (await api().pulls.get(place)).data;
    expect(merged).to.include({ state: "closed", merged: true, changed_files: 2 });

    await commitFile(clone, "second", "c.txt", "c");
    await runGit(clone, "push", "--quiet", "origin", "second");
    const second = (await api().pulls.create({ ...PLACE, title: "Second", head: "second", base: "main" })).data;
    await runGit(clone, "push", "--quiet", "origin", "--delete", "second");
    const closed = (await api().pulls.get({ ...PLACE, pull_number: second.number })).data;
    expect(closed).to.include({ state: "closed", merged: false, changed_files: 1 });
  });

  it("compares branches", async () => {
    await openPull();
    const { data } = await api().repos.compareCommitsWithBasehead({ ...PLACE, basehead: "main...topic" });
    expect(data).to.include({ status: "ahead", ahead_by: 1, behind_by: 0 });
    expect(data.files?.map(({ filename }) => filename)).to.deep.equal(["a.txt"]);
  });

  it("lists page by page", async () => {
    await api().repos.createInOrg({ org: ORGANIZATION, name: "second" });
    await api().repos.createInOrg({ org: ORGANIZATION, name: "third" });
    const names = await api().paginate(api().repos.listForOrg, { org: ORGANIZATION, per_page: 2 });
    expect(names.map(({ name }) => name)).to.deep.equal(["third", "second", "things"]);
  });

  it("invites a collaborator once", async () => {
    const ann = { ...PLACE, username: "ann" };
    expect((await api().repos.addCollaborator(ann)).status).to.equal(201);
    expect((await api().repos.addCollaborator(ann)).status).to.equal(204);
    expect((await api().repos.checkCollaborator(ann)).status).to.equal(204);
  });

  it("forgets a repository that was deleted, with its pull requests", async () => {
    await openPull();
    await api().repos.delete(PLACE);
    expect(await refusal(api().repos.get(PLACE))).to.include({ status: 404 });
    await api().repos.createInOrg({ org: ORGANIZATION, name: REPO, auto_init: true });
    expect((await api().pulls.list({ ...PLACE, state: "all" })).data).to.deep.equal([]);
  });

  async function openPull(): Promise<{ number: number; clone: string }> {
    const clone = join(github.folder, "clone");
    await runGit(github.folder, "clone", "--quiet", github.gitUrl(REPO), "clone");
    await commitFile(clone, "topic", "a.txt", "one\ntwo\n");
    await runGit(clone, "push", "--quiet", "origin", "topic");
    const { data } = await api().pulls.create({ ...PLACE, title: "A change", head: "topic", base: "main" });
    return { number: data.number, clone };
  }

  async function headOf(branch: string): Promise<string> {
    return (await api().git.getRef({ ...PLACE, ref: `heads/${branch}` })).data.object.sha;
  }
});
