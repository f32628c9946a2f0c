import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { createLogger } from "@peerbot/runtime";
import { compose, type Sandbox, SandboxConfig } from "@peerbot/sandbox";
import { freePort, type TemporaryFolder, temporaryFolder } from "@peerbot/testing";
import { expect } from "chai";
import { execa } from "execa";
import { z } from "zod";

const SAY = join(import.meta.dirname, "../say.ts");
const Mention = z.object({
  event: z.object({ type: z.string(), channel: z.string(), ts: z.string(), thread_ts: z.string().optional() }),
});
type Outcome = "completed" | "failed" | "silence";

describe("say", () => {
  let folder: TemporaryFolder;
  let sandbox: Sandbox;
  let app: Server;
  let outcome: Outcome;
  const failures: string[] = [];

  before(async () => {
    folder = await temporaryFolder();
    const appPort = await freePort();
    sandbox = await compose(
      SandboxConfig.parse({
        ...{ SANDBOX_PORT: "0", SANDBOX_DATA_DIR: folder.path, SLACK_RATE_LIMITS: "false" },
        SLACK_EVENTS_URL: `http://127.0.0.1:${appPort}/slack/events`,
      }),
      createLogger({ service: "sandbox", level: "fatal" }),
    );
    app = startApp(appPort);
    await once(app, "listening");
  });
  after(async () => {
    await sandbox[Symbol.asyncDispose]();
    app.closeAllConnections();
    app.close();
    await folder[Symbol.asyncDispose]();
  });

  afterEach(() => expect(failures.splice(0)).to.deep.equal([]));

  /** An app that answers each mention with a streamed plan and the metadata of a closed run. */
  function startApp(port: number): Server {
    return createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      response.end();
      const { data } = Mention.safeParse(JSON.parse(Buffer.concat(chunks).toString()));
      if (data?.event.type === "app_mention" && outcome !== "silence") {
        await playRun(data.event, outcome).catch((error) => failures.push(String(error)));
      }
    }).listen(port, "127.0.0.1");
  }

  async function playRun(event: z.infer<typeof Mention>["event"], state: Outcome): Promise<void> {
    const thread = { channel: event.channel, thread_ts: event.thread_ts ?? event.ts };
    const task = { type: "task_update", id: "1", title: "Write hello.txt", status: "complete" };
    const started = await call("chat.startStream", {
      ...thread,
      recipient_user_id: "U0ADA00001",
      recipient_team_id: "T0SANDBOX1",
      task_display_mode: "plan",
      chunks: [task],
    });
    await call("chat.stopStream", {
      channel: event.channel,
      ts: started.ts,
      chunks: [{ type: "markdown_text", text: "I wrote it." }],
    });
    const commit = {
      branch: "claude/session-x",
      commit: "0123456789abcdef",
      pull_request_url: "http://x/1",
      pull_request_number: 1,
    };
    const event_payload = {
      session: "x",
      epoch: 1,
      part: "closing",
      outcome: state,
      ...(state === "completed" ? commit : {}),
    };
    await call("chat.postMessage", {
      ...thread,
      text: `Over: ${state}`,
      metadata: { event_type: "peerbot_part", event_payload },
    });
  }

  async function call(method: string, parameters: Record<string, unknown>): Promise<Record<string, unknown>> {
    const response = await fetch(`${sandbox.url}/slack/api/${method}`, {
      method: "POST",
      headers: { authorization: "Bearer xoxb-sandbox", "content-type": "application/json" },
      body: JSON.stringify(parameters),
    });
    const answer = z.looseObject({ ok: z.boolean() }).parse(await response.json());
    if (!answer.ok) throw new Error(`${method}: ${JSON.stringify(answer)}`);
    return answer;
  }

  function say(...parameters: string[]) {
    return execa(process.execPath, [SAY, "--timeout", "10", ...parameters], {
      env: { SANDBOX_URL: sandbox.url },
      reject: false,
    });
  }

  it("follows the thread to its end and tells what came of it", async () => {
    outcome = "completed";
    const { exitCode, stdout, stderr } = await say("@peerbot write hello.txt");
    expect(stderr).to.equal("");
    expect(stdout).to.contain("● Write hello.txt").and.to.contain("I wrote it.");
    expect(stdout.split("\n").at(-1)).to.match(
      /^completed: branch claude\/session-x · commit 0123456789 · pull request #1/,
    );
    expect(exitCode).to.equal(0);
  });

  it("prints one JSON document alone on stdout", async () => {
    outcome = "completed";
    const { exitCode, stdout, stderr } = await say("--json", "--user", "grace", "--channel", "general", "@peerbot hi");
    const report = JSON.parse(stdout);
    expect(report).to.deep.include({
      ...{ state: "completed", branch: "claude/session-x", commit: "0123456789abcdef" },
      pullRequest: { number: 1, url: "http://x/1" },
    });
    expect(report.sessionKey).to.match(/^c0general1-\d{16}-[a-z2-7]{6}$/);
    expect(report.thread).to.match(/^\d{10}\.\d{6}$/);
    expect(report.messages.map(({ user }: { user: string }) => user)).to.deep.equal(["grace", "peerbot", "peerbot"]);
    expect(report.messages[0].text).to.equal("@peerbot hi");
    expect(report.durations.firstSign).to.be.within(0, report.durations.total);
    expect(report.durations.firstModelRequest).to.equal(null);
    expect(stderr).to.contain("I wrote it.");
    expect(exitCode).to.equal(0);
  });

  it("replies in a thread and waits for the new run, not for the one that ended there", async () => {
    outcome = "completed";
    const { thread } = JSON.parse((await say("--json", "@peerbot first")).stdout);
    outcome = "failed";
    const second = await say("--json", "--thread", thread, "@peerbot second");
    const report = JSON.parse(second.stdout);
    expect(report).to.include({ state: "failed", thread });
    expect(report.messages).to.have.lengthOf(6);
    expect(second.exitCode).to.equal(1);
  });

  it("exits with 1 when nothing came of it in time", async () => {
    outcome = "silence";
    const { exitCode, stdout } = await say("--json", "--timeout", "0.5", "@peerbot hello?");
    expect(JSON.parse(stdout)).to.deep.include({ state: "timeout", branch: null, commit: null, pullRequest: null });
    expect(exitCode).to.equal(1);
  });

  it("exits with 2 when there is no sandbox, and says how to get one", async () => {
    const SANDBOX_URL = `http://127.0.0.1:${await freePort()}`;
    const { exitCode, stderr } = await execa(process.execPath, [SAY, "hi"], { env: { SANDBOX_URL }, reject: false });
    expect(stderr).to.contain(`does not answer at ${SANDBOX_URL}`).and.to.contain("npm run dev");
    expect(exitCode).to.equal(2);
  });

  it("exits with 2 when the sandbox does not know whom or where it is told", async () => {
    const { exitCode, stderr } = await say("--user", "nobody", "@peerbot hi");
    expect(stderr).to.contain("nobody");
    expect(exitCode).to.equal(2);
  });

  it("explains itself", async () => {
    const { exitCode, stdout } = await say("--help");
    for (const option of ["--user", "--channel", "--thread", "--timeout", "--json"]) expect(stdout).to.contain(option);
    expect(exitCode).to.equal(0);
  });
});
