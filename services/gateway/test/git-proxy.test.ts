import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { type TemporaryFolder, temporaryFolder, until } from "@peerbot/testing";
import { expect } from "chai";
import { execa } from "execa";
import { FLUSH, packet } from "../src/git-proxy/pkt-line.ts";
import { type GatewayUnderTest, SECRETS, startGateway, type TestRun } from "./support/gateway-under-test.ts";
import { plainGit as git } from "./support/plain-git.ts";

const MAX_PUSH = 3_000_000;

describe("the git proxy", function () {
  this.timeout(20_000);
  let gateway: GatewayUnderTest;
  let folder: TemporaryFolder;
  let run: TestRun;
  let bare: string;
  let clones = 0;
  before(async () => {
    gateway = await startGateway({ GIT_PUSH_MAX_BYTES: String(MAX_PUSH) });
    folder = await temporaryFolder();
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    gateway.host.failWith(undefined);
    run = await gateway.beginRun();
    bare = await gateway.host.addRepository(run.repository.owner, run.repository.name);
    gateway.host.requests.length = 0;
  });

  const pathOf = ({ repository }: TestRun) => `/git/${repository.owner}/${repository.name}.git`;
  const addressOf = (of: TestRun, token = of.gitToken) =>
    `http://peerbot:${token}@127.0.0.1:${gateway.gateway.port}${pathOf(of)}`;

  async function clone(...options: string[]): Promise<string> {
    clones += 1;
    const into = `${folder.path}/clone-${clones}`;
    const { exitCode, all } = await git(folder.path, "clone", "--quiet", ...options, addressOf(run), into);
    expect(exitCode, all).to.equal(0);
    return into;
  }

  async function commit(work: string, content: string | Buffer = "hi"): Promise<string> {
    await writeFile(`${work}/hello.txt`, content);
    await git(work, "add", ".");
    await git(work, "commit", "--quiet", "-m", "hello");
    return (await git(work, "rev-parse", "HEAD")).stdout;
  }

  const branches = async () =>
    (await execa("git", ["-C", bare, "for-each-ref", "--format=%(refname) %(objectname)"])).stdout.split("\n");

  it("lets a run clone its repository, shallow as well, in protocol v2 and v0", async () => {
    for (const options of [[], ["--depth=1"], ["-c", "protocol.version=0"]]) {
      const work = await clone(...options);
      expect((await git(work, "log", "--format=%s")).stdout).to.equal("first");
    }
    expect(gateway.host.requests.some(({ headers }) => headers["git-protocol"] === "version=2")).to.equal(true);
  });

  it("lets a run push its own branch, from a shallow clone, and move it by force", async () => {
    const work = await clone("--depth=1");
    const first = await commit(work);
    const pushed = await git(work, "push", "origin", `HEAD:${run.record.branch}`);
    expect(pushed.exitCode, pushed.all).to.equal(0);
    expect(await branches()).to.include(`refs/heads/${run.record.branch} ${first}`);
    await git(work, "commit", "--quiet", "--amend", "-m", "hello again");
    const forced = await git(work, "push", "--force", "origin", `HEAD:${run.record.branch}`);
    expect(forced.exitCode, forced.all).to.equal(0);
    const { stdout: second } = await git(work, "rev-parse", "HEAD");
    expect(await branches()).to.include(`refs/heads/${run.record.branch} ${second}`);
  });

  it("passes a push on that is larger than git sends in one piece", async () => {
    const work = await clone();
    const content = randomBytes(2_000_000);
    await commit(work, content);
    const pushed = await git(work, "push", "origin", `HEAD:${run.record.branch}`);
    expect(pushed.exitCode, pushed.all).to.equal(0);
    const again = await clone("--branch", run.record.branch);
    expect(content.equals(await readFile(`${again}/hello.txt`))).to.equal(true);
  });

  it("refuses every other push in words git shows, and nothing of it reaches the host", async () => {
    const work = await clone();
    await commit(work);
    await git(work, "push", "--quiet", "origin", `HEAD:${run.record.branch}`);
    await git(work, "commit", "--quiet", "--allow-empty", "-m", "more");
    const { branch } = run.record;
    const before = await branches();
    gateway.host.requests.length = 0;
    const refused: [string[], RegExp][] = [
      [["HEAD:main"], /\[remote rejected\] HEAD -> main \(this session may push to .* only\)/],
      [["HEAD:refs/tags/v1"], /may push to .* only/],
      [["HEAD:claude/session-other"], /may push to .* only/],
      [["--delete", branch], /a session does not delete its branch/],
      [[`HEAD:${branch}`, "HEAD:second"], /push one branch at a time/],
      [["--atomic", `HEAD:${branch}`, "HEAD:main"], /push one branch at a time/],
      [["-o", "repo.visibility=public", `HEAD:${branch}`], /push options are not taken here/],
    ];
    for (const [args, text] of refused) {
      const { exitCode, all } = await git(work, "push", "origin", ...args);
      expect(exitCode, args.join(" ")).to.equal(1);
      expect(all)
        .to.match(text)
        .and.to.match(/remote: Peerbot: /);
    }
    expect(gateway.host.requests.filter(({ method }) => method === "POST")).to.deep.equal([]);
    expect(await branches()).to.deep.equal(before);
  });

  it("answers a refused push only once all of it has come, as git expects", async () => {
    const update = packet(`${"0".repeat(40)} ${"1".repeat(40)} refs/heads/main\0report-status`);
    let isSent = false;
    async function* body() {
      yield Buffer.concat([update, FLUSH]);
      await new Promise((resolve) => setTimeout(resolve, 100));
      isSent = true;
      yield Buffer.from("PACK");
    }
    const answer = await fetch(`${gateway.url}${pathOf(run)}/git-receive-pack`, {
      method: "POST",
      headers: { authorization: `Bearer ${run.gitToken}`, "content-type": "application/x-git-receive-pack-request" },
      body: ReadableStream.from(body()),
      duplex: "half",
    });
    expect(isSent).to.equal(true);
    expect(await answer.text()).to.match(/ng refs\/heads\/main /);
  });

  it("refuses a large push as clearly as a small one", async () => {
    const work = await clone();
    await commit(work, randomBytes(2_500_000));
    const { exitCode, all } = await git(work, "push", "origin", "HEAD:main");
    expect(exitCode).to.equal(1);
    expect(all).to.match(/this session may push to .* only/);
  });

  it("refuses a signed push, a malformed one and a compressed one to another branch", async () => {
    const update = (ref: string) => packet(`${"0".repeat(40)} ${"1".repeat(40)} ${ref}\0report-status`);
    const send = async (body: Buffer, headers: Record<string, string> = {}) => {
      const response = await fetch(`${gateway.url}${pathOf(run)}/git-receive-pack`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${run.gitToken}`,
          "content-type": "application/x-git-receive-pack-request",
          ...headers,
        },
        body: new Uint8Array(body),
      });
      return `${response.status} ${await response.text()}`;
    };
    const main = Buffer.concat([update("refs/heads/main"), FLUSH]);
    expect(await send(packet("push-cert\0report-status\n"))).to.match(/^403 .*signed/);
    expect(await send(Buffer.from("hello"))).to.match(/^400 .*no push/);
    expect(await send(update("refs/heads/main"))).to.match(/^400 .*ends before/);
    expect(await send(gzipSync(main), { "content-encoding": "gzip" })).to.match(/^200 .*ng refs\/heads\/main this/s);
    expect(await send(main, { "content-encoding": "gzip" })).to.match(/^400 .*not gzip/);
    expect(await send(main, { "content-encoding": "br" })).to.match(/^415 /);
    expect(await send(Buffer.alloc(1_200_000, packet(`shallow ${"1".repeat(40)}`)))).to.match(/^413 /);
    expect(gateway.host.requests).to.deep.equal([]);
  });

  it("refuses a push beyond the limit, in words git shows", async () => {
    const work = await clone();
    await commit(work, randomBytes(MAX_PUSH + 500_000));
    const { exitCode, all } = await git(work, "push", "origin", `HEAD:${run.record.branch}`);
    expect(exitCode).to.equal(1);
    expect(all).to.match(/larger than 3000000 bytes/);
    expect((await branches()).join()).not.to.include(run.record.branch);
  });

  it("reaches no repository but the run's own, whether it exists or not", async () => {
    const other = await gateway.beginRun();
    await gateway.host.addRepository(other.repository.owner, other.repository.name);
    for (const foreign of [
      other.repository.name,
      "does-not-exist",
      `${run.repository.name}/../${other.repository.name}`,
    ]) {
      const address = addressOf(run).replace(run.repository.name, foreign);
      const { exitCode, all } = await git(folder.path, "ls-remote", address);
      expect(exitCode, foreign).to.equal(128);
      expect(all).to.match(/remote: Peerbot: |not found/);
    }
    const direct = await gateway.call("GET", `${pathOf(other)}/info/refs?service=git-upload-pack`, {
      token: run.gitToken,
    });
    expect(direct.status).to.equal(404);
    expect(gateway.host.requests).to.deep.equal([]);
  });

  it("speaks the smart protocol only", async () => {
    const statusOf = async (path: string) =>
      (await gateway.call("GET", `${pathOf(run)}${path}`, { token: run.gitToken })).status;
    expect(await statusOf("/info/refs")).to.equal(403);
    expect(await statusOf("/info/refs?service=git-upload-archive")).to.equal(403);
    for (const path of ["/HEAD", "/objects/info/packs", "/config", "/settings"])
      expect(await statusOf(path)).to.equal(404);
    expect(gateway.host.requests).to.deep.equal([]);
  });

  it("asks for credentials first and says why a token is not taken", async () => {
    const answer = await fetch(`${gateway.url}${pathOf(run)}/info/refs?service=git-upload-pack`);
    expect(answer.status).to.equal(401);
    expect(answer.headers.get("www-authenticate")).to.match(/^Basic realm=/);
    await answer.text();
    const { all } = await git(folder.path, "ls-remote", addressOf(run, run.modelToken));
    expect(all).to.match(/remote: Peerbot: this token does not reach that far/);
  });

  it("refuses the run that is over at any step", async () => {
    const work = await clone();
    await commit(work);
    await gateway.supersede(run);
    const { exitCode, all } = await git(work, "push", "origin", `HEAD:${run.record.branch}`);
    expect(exitCode).to.equal(128);
    expect(all).to.match(/remote: Peerbot: this run is over/);
  });

  it("stops a push whose run is fenced while its pack is on the way", async () => {
    const work = await clone();
    const id = await commit(work, randomBytes(400_000));
    const options = { input: `${id}\n`, encoding: "buffer" } as const;
    const { stdout: pack } = await execa("git", ["-C", work, "pack-objects", "--stdout", "--revs"], options);
    const update = packet(`${"0".repeat(40)} ${id} refs/heads/${run.record.branch}\0report-status`);
    const fenced = Promise.withResolvers<void>();
    async function* body() {
      yield Buffer.concat([update, FLUSH, pack.subarray(0, 300_000)]);
      await fenced.promise;
      yield Buffer.from(pack.subarray(300_000));
    }
    const pushing = fetch(`${gateway.url}${pathOf(run)}/git-receive-pack`, {
      method: "POST",
      headers: { authorization: `Bearer ${run.gitToken}`, "content-type": "application/x-git-receive-pack-request" },
      body: ReadableStream.from(body()),
      duplex: "half",
    });
    const hasBegun = () => gateway.host.requests.some(({ url }) => url.endsWith("/git-receive-pack"));
    await until(hasBegun, { what: "the push to reach the host" });
    await gateway.supersede(run);
    expect((await pushing).status).to.equal(409);
    fenced.resolve();
    expect((await branches()).join()).not.to.include(run.record.branch);
  });

  it("explains what the host refuses", async () => {
    const work = await clone();
    await commit(work);
    const cases: [number, RegExp][] = [
      [401, /remote: Peerbot: the git host does not accept Peerbot's token\. .*GITHUB_TOKEN/],
      [404, /remote: Peerbot: .* was deleted, renamed or moved at the git host\. Start a new thread/],
      [503, /remote: Peerbot: the git host answered 503\. Wait a few minutes/],
    ];
    for (const [status, text] of cases) {
      gateway.host.failWith(status);
      const { exitCode, all } = await git(work, "push", "origin", `HEAD:${run.record.branch}`);
      expect(exitCode).to.equal(128);
      expect(all).to.match(text);
    }
  });

  it("explains in git's report what the host refuses for good, and answers 503 where another try may help", async () => {
    const update = packet(`${"0".repeat(40)} ${"1".repeat(40)} refs/heads/${run.record.branch}\0report-status`);
    const push = () =>
      gateway.call("POST", `${pathOf(run)}/git-receive-pack`, {
        token: run.gitToken,
        body: Buffer.concat([update, FLUSH]).toString("latin1"),
      });
    gateway.host.failWith(404);
    const refused = await push();
    expect(refused.status).to.equal(200);
    expect(refused.body).to.match(/ng refs\/heads\/claude\/session-\S+ .*was deleted, renamed or moved/);
    gateway.host.failWith(503);
    expect((await push()).status).to.equal(503);
  });

  it("leaves no credential of ours where a worker can see it", async () => {
    const work = await clone();
    await commit(work);
    const traced = await execa("git", ["push", "origin", `HEAD:${run.record.branch}`], {
      cwd: work,
      env: { GIT_TRACE_CURL: "1", GIT_TRACE_PACKET: "1", GIT_TRACE_REDACT: "0", GIT_TERMINAL_PROMPT: "0" },
      all: true,
    });
    const config = await readFile(`${work}/.git/config`, "utf8");
    const encoded = Buffer.from(`x-access-token:${SECRETS.githubToken}`).toString("base64");
    for (const secret of [SECRETS.githubToken, encoded]) expect(traced.all + config).not.to.include(secret);
    for (const { headers } of gateway.host.requests) {
      expect(JSON.stringify(headers)).not.to.include(run.gitToken);
      expect(headers.authorization).to.equal(`Basic ${encoded}`);
    }
  });

  it("counts operations by their result", async () => {
    const metrics = await gateway.metrics();
    for (const [operation, result] of [
      ["fetch", "ok"],
      ["push", "ok"],
      ["push", "refused"],
      ["push", "failed"],
      ["refs", "failed"],
      ["refs", "refused"],
    ]) {
      expect(metrics).to.match(
        new RegExp(
          `peerbot_git_operations_total\\{operation="${operation}",result="${result}",service="gateway"\\} [1-9]`,
        ),
      );
    }
  });
});
