import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect } from "chai";
import type { FastifyRequest } from "fastify";
import { objectionTo } from "../src/git-proxy/judge-push.ts";
import { FLUSH, packet, readPacket } from "../src/git-proxy/pkt-line.ts";
import { openPush } from "../src/git-proxy/push-body.ts";
import { parsePushHead } from "../src/git-proxy/push-request.ts";
import { refusalReport } from "../src/git-proxy/report-status.ts";
import { withLastLook } from "../src/git-proxy/with-last-look.ts";

const BRANCH = "claude/session-c1-1-abcdef";
const OLD = "1".repeat(40);
const NEW = "2".repeat(40);
const NONE = "0".repeat(40);
const CAPABILITIES = "report-status side-band-64k agent=git/2.39.5";

const update = (
  ref: string,
  { capabilities = CAPABILITIES, newId = NEW }: { capabilities?: string; newId?: string } = {},
) => packet(`${OLD} ${newId} ${ref}${capabilities === "" ? "" : `\0${capabilities}`}`);

const head = (...parts: Buffer[]) => Buffer.concat([...parts, FLUSH]);

function objection(bytes: Buffer): string | undefined {
  const parsed = parsePushHead(bytes);
  if (parsed.status !== "complete") throw new Error(`the head is ${parsed.status}`);
  return objectionTo(parsed.push, BRANCH);
}

describe("a push's head", () => {
  it("is read with shallow lines, capabilities and a pack behind it", () => {
    const bytes = Buffer.concat([
      head(packet(`shallow ${OLD}\n`), update(`refs/heads/${BRANCH}`)),
      Buffer.from("PACK\0\0\0\u0002"),
    ]);
    const parsed = parsePushHead(bytes);
    expect(parsed).to.deep.include({ status: "complete" });
    expect(parsed).to.have.deep.nested.property("push.updates", [
      { oldId: OLD, newId: NEW, ref: `refs/heads/${BRANCH}` },
    ]);
    expect(objection(bytes)).to.equal(undefined);
  });

  it("is incomplete until its last byte has arrived", () => {
    const bytes = head(update(`refs/heads/${BRANCH}`));
    for (let length = 0; length < bytes.length; length += 1) {
      expect(parsePushHead(bytes.subarray(0, length)).status, `${length} bytes`).to.equal("incomplete");
    }
    expect(parsePushHead(bytes).status).to.equal("complete");
  });

  it("is read without effort when it comes in many small pieces", async function () {
    this.timeout(3_000);
    const shallows = Array.from({ length: 15_000 }, () => packet(`shallow ${OLD}`));
    const pieces = [...shallows, head(update(`refs/heads/${BRANCH}`)), Buffer.from("PACK\0\0\0\u0002")];
    const request = { headers: {}, raw: Readable.from(pieces) } as unknown as FastifyRequest;
    const { push, content } = await openPush(request, { maxBytes: 2_000_000 });
    expect(push.updates).to.deep.equal([{ oldId: OLD, newId: NEW, ref: `refs/heads/${BRANCH}` }]);
    expect((await buffer(content)).equals(Buffer.concat(pieces))).to.equal(true);
  });

  it("is waited for through the push options", () => {
    const withOptions = update(`refs/heads/${BRANCH}`, { capabilities: `${CAPABILITIES} push-options` });
    expect(parsePushHead(head(withOptions)).status).to.equal("incomplete");
    expect(objection(head(withOptions, FLUSH))).to.equal(undefined);
    expect(objection(Buffer.concat([head(withOptions), packet("ci.skip")]))).to.match(/push options/);
  });

  it("has push options in it however git would read them out of its capabilities", () => {
    for (const blank of ["\t", "\n", "\r"]) {
      const smuggled = update(`refs/heads/${BRANCH}`, { capabilities: `report-status${blank}push-options` });
      const parsed = parsePushHead(Buffer.concat([head(smuggled), head(packet("repo.visibility=public"))]));
      expect(parsed.status, JSON.stringify(blank)).to.equal("malformed");
    }
    const withValue = update(`refs/heads/${BRANCH}`, { capabilities: "report-status push-options=1" });
    expect(objection(Buffer.concat([head(withValue), packet("repo.visibility=public")]))).to.match(/push options/);
  });

  it("is accepted for the session's branch only, moved forward or by force", () => {
    expect(objection(head(update(`refs/heads/${BRANCH}`)))).to.equal(undefined);
    for (const ref of [
      "refs/heads/main",
      `refs/heads/${BRANCH}x`,
      `refs/heads/${BRANCH}/x`,
      `refs/heads/${BRANCH.toUpperCase()}`,
      `refs/tags/${BRANCH}`,
      BRANCH,
      "HEAD",
      "refs/heads/../heads/main",
    ]) {
      expect(objection(head(update(ref))), ref).to.match(/may push to .* only/);
    }
  });

  it("is refused for deletions, for several refs and for signed pushes", () => {
    expect(objection(head(update(`refs/heads/${BRANCH}`, { newId: NONE })))).to.match(/does not delete/);
    const two = head(update(`refs/heads/${BRANCH}`), update("refs/heads/main", { capabilities: "" }));
    expect(objection(two)).to.match(/one branch at a time/);
    expect(objection(head(packet(`push-cert\0${CAPABILITIES}\n`)))).to.match(/signed/);
  });

  it("is refused as malformed when the host might read it differently", () => {
    const good = update(`refs/heads/${BRANCH}`);
    const cases: Record<string, Buffer> = {
      "a second list of capabilities": head(good, update(`refs/heads/${BRANCH}`)),
      "a delimiter of protocol v2": Buffer.concat([good, Buffer.from("0001"), good, FLUSH]),
      "an empty packet": Buffer.concat([good, Buffer.from("0004"), FLUSH]),
      "a length that is none": Buffer.from("zzzz"),
      "a length below its own size": Buffer.from("0003"),
      "a line break in the name": head(packet(`${OLD} ${NEW} refs/heads/${BRANCH}\n\n`)),
      "a short object id": head(packet(`${OLD.slice(1)} ${NEW} refs/heads/${BRANCH}`)),
      "large letters in an object id": head(packet(`${"A".repeat(40)} ${NEW} refs/heads/${BRANCH}`)),
      "a shallow line that is none": head(packet("shallow everything")),
    };
    for (const [name, bytes] of Object.entries(cases)) expect(parsePushHead(bytes).status, name).to.equal("malformed");
  });

  it("is refused in git's own report, with the text for people beside it", () => {
    const parsed = parsePushHead(head(update("refs/heads/main")));
    if (parsed.status !== "complete") throw new Error("it is complete");
    const report = refusalReport(parsed.push, "no").toString();
    expect(report).to.equal("0011\u0002Peerbot: no\n0031\u0001000eunpack ok\n001ang refs/heads/main no\n00000000");
  });
});

describe("the report on a refused push", () => {
  it("stays within git's packets, however many refs were to be pushed", () => {
    const updates = Array.from({ length: 3_000 }, (_, index) => ({
      oldId: OLD,
      newId: NEW,
      ref: `refs/heads/b${index}`,
    }));
    const push = { updates, capabilities: new Set(["side-band-64k"]), isSigned: false, hasOptions: false };
    const bytes = refusalReport(push, "no");
    const bands: Buffer[][] = [[], [], []];
    for (let at = 0; at < bytes.length; ) {
      const read = readPacket(bytes, at);
      if (typeof read === "string") throw new Error(`the packet at ${at} is ${read}`);
      if (read.packet.type === "data") bands[read.packet.data[0] ?? 0]?.push(read.packet.data.subarray(1));
      at = read.end;
    }
    expect(
      Buffer.concat(bands[1] ?? [])
        .toString()
        .match(/ng refs/g),
    ).to.have.length(3_000);
  });
});

describe("the last look at a push", () => {
  const read = async (look: () => Promise<void>, ...chunks: string[]) => {
    const seen: string[] = [];
    async function* source() {
      for (const chunk of chunks) yield Buffer.from(chunk);
    }
    try {
      for await (const chunk of withLastLook(source(), look)) seen.push(chunk.toString());
    } catch {
      seen.push("stopped");
    }
    return seen;
  };

  it("passes everything on, in order, when it finds nothing", async () => {
    expect(await read(async () => {}, "a", "b", "c")).to.deep.equal(["a", "b", "c"]);
    expect(await read(async () => {}, "a")).to.deep.equal(["a"]);
  });

  it("keeps the end of the push from the host when it stops it", async () => {
    const stop = async () => {
      throw new Error("fenced");
    };
    expect(await read(stop, "a", "b", "c")).to.deep.equal(["a", "b", "stopped"]);
    expect(await read(stop, "a")).to.deep.equal(["stopped"]);
  });
});
