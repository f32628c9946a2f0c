import { existsSync } from "node:fs";
import { expect } from "chai";
import { type Browser, chromium, type Page } from "playwright-core";
import { type StackBench, startStackBench } from "../session/stack-bench.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);

// Without these a browser behind a closed network keeps trying to reach its maker.
const QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];

describe("The page", function () {
  this.timeout(120_000);
  let bench: StackBench;
  let browser: Browser;
  let page: Page;

  before(async function () {
    if (CHROMIUM === undefined) {
      console.log("    (no Chromium on this machine: `apt-get install chromium` lets these tests run)");
      return this.skip();
    }
    bench = await startStackBench();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", ...QUIET] });
    page = await browser.newPage();
    await page.goto(bench.sandboxUrl);
  });
  after(async () => {
    await browser?.close();
    await bench?.[Symbol.asyncDispose]();
  });

  it("takes a mention to a pull request whose diff can be read", async () => {
    await page.getByLabel("Message", { exact: true }).fill("@peerbot create hello.txt saying hi");
    await page.keyboard.press("Enter");
    const thread = page.getByLabel("Thread", { exact: true });
    await thread.getByText("Write hello.txt", { exact: true }).waitFor({ timeout: 60_000 });
    await thread.locator('[data-part="closing"]').waitFor({ timeout: 60_000 });
    expect(await thread.locator(".stream .markdown").last().innerText()).to.include("hello.txt");

    const link = thread.getByRole("link", { name: "View pull request" });
    await page.goto((await link.getAttribute("href")) ?? "");
    await page.locator(".diff .added", { hasText: "+hi" }).waitFor();
    expect(await page.locator(".pull h1").innerText()).to.include("#1");
  });

  it("stops running work by its button, as another person of the same workspace sees it", async () => {
    await page.goto(bench.sandboxUrl);
    await page.getByLabel("You are").selectOption({ label: "grace" });
    await page.getByLabel("Message", { exact: true }).fill("@peerbot be slow: sleep 60");
    await page.keyboard.press("Enter");
    const thread = page.getByLabel("Thread", { exact: true });
    await thread.locator(".plan .task.in_progress").last().waitFor({ timeout: 60_000 });
    await thread.locator('[data-action="stop"]').click();
    const closing = thread.locator('[data-part="closing"]');
    await closing.waitFor({ timeout: 60_000 });
    expect(await closing.innerText()).to.match(/stopped/i);
    expect(await thread.locator('[data-action="stop"]').count()).to.equal(0);
  });

  it("does not run what a message holds", async () => {
    await page.goto(bench.sandboxUrl);
    await page.getByLabel("Message", { exact: true }).fill('<img src=x onerror="document.title=1"> **bold** <b>x</b>');
    await page.keyboard.press("Enter");
    await page.getByText("onerror").first().waitFor();
    expect(await page.title()).to.equal("Peerbot sandbox");
    expect(await page.locator(".body img").count()).to.equal(0);
  });
});
