import { expect } from "chai";
import { SignJWT } from "jose";
import { RunTokenError, RunTokenKind, sessionKeyOf, signRunToken, verifyRunToken } from "../src/index.ts";

const SECRET = "a-secret-for-tests-of-more-than-32-characters";
const OTHER_SECRET = "another-secret-for-tests-of-more-than-32-characters";
const SESSION = sessionKeyOf({ team: "T1", channel: "C1", threadTs: "1700000000.000001" });
const CLAIMS = { kind: "run", sessionKey: SESSION, epoch: 7 } as const;
const inAMinute = () => ({ secret: SECRET, expiresAt: Date.now() + 60_000 });

async function refusalOf(token: string): Promise<string | undefined> {
  try {
    await verifyRunToken(token, { secret: SECRET });
    return undefined;
  } catch (error) {
    return error instanceof RunTokenError ? error.code : "something else";
  }
}

describe("a run's token", () => {
  it("says what it was signed for, whatever its kind", async () => {
    for (const kind of RunTokenKind.options) {
      const token = await signRunToken({ ...CLAIMS, kind }, inAMinute());
      expect(await verifyRunToken(token, { secret: SECRET })).to.deep.equal({ ...CLAIMS, kind });
    }
  });

  it("is worth nothing once its time is over", async () => {
    const token = await signRunToken(CLAIMS, { secret: SECRET, expiresAt: Date.now() - 1_000 });
    expect(await refusalOf(token)).to.equal("token-expired");
  });

  it("is worth nothing when a single character of it was changed, or another secret signed it", async () => {
    const token = await signRunToken(CLAIMS, inAMinute());
    const [head = "", body = "", signature = ""] = token.split(".");
    const forged = Buffer.from(JSON.stringify({ ...CLAIMS, session: SESSION, epoch: 8 })).toString("base64url");
    const flipped = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    const foreign = await signRunToken(CLAIMS, { ...inAMinute(), secret: OTHER_SECRET });
    const forgeries = [`${head}.${forged}.${signature}`, `${head}.${body}.${flipped}`, `${head}.${body}.`, foreign, ""];
    for (const forgery of forgeries) expect(await refusalOf(forgery), forgery).to.equal("token-invalid");
  });

  it("is worth nothing without a signature, though it names that as its way of signing", async () => {
    const [, body = ""] = (await signRunToken(CLAIMS, inAMinute())).split(".");
    const head = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
    expect(await refusalOf(`${head}.${body}.`)).to.equal("token-invalid");
  });

  it("is worth nothing when its kind, session or epoch is none, though the secret is right", async () => {
    const sign = (claims: Record<string, unknown>) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: "HS256" })
        .setIssuer("peerbot")
        .setExpirationTime("1m")
        .sign(new TextEncoder().encode(SECRET));
    const good = { kind: "run", session: SESSION, epoch: 7 };
    expect(await refusalOf(await sign(good))).to.equal(undefined);
    for (const change of [{ kind: "admin" }, { session: "../other" }, { epoch: "7" }, { epoch: undefined }]) {
      expect(await refusalOf(await sign({ ...good, ...change })), JSON.stringify(change)).to.equal("token-invalid");
    }
  });
});
