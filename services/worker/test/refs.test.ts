import { temporaryFolder } from "@peerbot/testing";
import { expect } from "chai";
import { execa } from "execa";
import { readRef, writeRef } from "../src/workspace/refs.ts";

describe("Refs without git", () => {
  it("are those git knows, loose or packed, and git knows those that are written", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path;
    const git = async (...args: string[]) => (await execa("git", ["-C", path, ...args])).stdout;
    await git("init", "--quiet", "--bare");
    const tree = (await execa("git", ["-C", path, "mktree"], { input: "" })).stdout;
    const identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    const commits = [
      await git(...identity, "commit-tree", tree, "-m", "1"),
      await git(...identity, "commit-tree", tree, "-m", "2"),
    ];
    const [first = "", second = ""] = commits;

    await git("update-ref", "refs/heads/main", first);
    expect(await readRef(path, "refs/heads/main")).to.equal(first);
    await git("pack-refs", "--all");
    expect(await readRef(path, "refs/heads/main")).to.equal(first);
    await git("update-ref", "refs/heads/main", second);
    expect(await readRef(path, "refs/heads/main")).to.equal(second);
    expect(await readRef(path, "refs/heads/ma")).to.equal(undefined);

    await writeRef(path, "refs/heads/claude/session-1", first);
    expect(await git("rev-parse", "refs/heads/claude/session-1")).to.equal(first);
  });
});
