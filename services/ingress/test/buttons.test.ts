import { expect } from "chai";
import { ALICE, BOB, callback, keyOf, MENTION, mention, message, newTs, press } from "./support/payloads.ts";
import { IngressHarness, post } from "./support/start-ingress.ts";

describe("A button", () => {
  let harness: IngressHarness;
  let ingress: Awaited<ReturnType<IngressHarness["start"]>>;
  const ADMIN = "U0ADMIN";

  before(async () => {
    harness = await IngressHarness.create();
    ingress = await harness.start({ SLACK_ADMIN_USERS: ADMIN });
  });
  after(() => harness[Symbol.asyncDispose]());

  const startSession = async () => {
    const event = mention(`${MENTION} work`);
    await post(ingress, callback(event));
    return event.ts;
  };
  const kindsIn = async (ts: string) => (await harness.inbox(ts)).map(({ kind }) => kind);
  const noticesFor = async (id: string) =>
    (await harness.notices()).filter((notice) => notice.id === id).map(({ reason }) => reason);
  const identityOf = (pressed: ReturnType<typeof press>) =>
    `action:${pressed.actions[0]?.action_ts}:${pressed.user.id}`;

  it("puts what it asks for into the session's inbox, once however often it is delivered", async () => {
    const ts = await startSession();
    for (const action of ["stop", "cancel", "retry", "continue"]) {
      const pressed = press(action, ts);
      for (let delivery = 0; delivery < 2; delivery += 1) {
        expect(await post(ingress, pressed)).to.include({ status: 200, text: "" });
      }
    }
    expect(await kindsIn(ts)).to.deep.equal(["said", "stop", "stop", "retry", "continue"]);
    const [, stop] = await harness.inbox(ts);
    expect(stop).to.deep.include({ user: ALICE });
  });

  it("puts nothing into the inbox that is no button of ours, whatever it is called", async () => {
    const ts = await startSession();
    for (const action of ["constructor", "toString", "__proto__", "open_link"]) {
      expect(await post(ingress, press(action, ts))).to.include({ status: 200 });
    }
    expect(await kindsIn(ts)).to.deep.equal(["said"]);
  });

  it("may be pressed by everybody who has written in the session, and by admins", async () => {
    const ts = await startSession();
    await post(ingress, callback(message("me too", { user: BOB, thread_ts: ts })));
    for (const user of [BOB, ADMIN]) await post(ingress, press("stop", ts, { user }));
    expect(await kindsIn(ts)).to.deep.equal(["said", "said", "stop", "stop"]);
  });

  it("is refused with a notice when a stranger presses it, or writes stop", async () => {
    const ts = await startSession();
    const pressed = press("stop", ts, { user: BOB });
    const written = message("stop", { user: BOB, thread_ts: ts });
    await post(ingress, pressed);
    await post(ingress, callback(written));
    expect(await kindsIn(ts)).to.deep.equal(["said"]);
    expect(await noticesFor(identityOf(pressed))).to.deep.equal(["not-your-session"]);
    expect(await noticesFor(`${written.channel}:${written.ts}`)).to.deep.equal(["not-your-session"]);
  });

  it("is refused when its value is another session's key, whoever presses it", async () => {
    const [mine, victim] = [await startSession(), await startSession()];
    for (const [user, value] of [
      [ALICE, keyOf(victim)],
      [ADMIN, keyOf(victim)],
      [ALICE, "../../etc"],
      [ALICE, ""],
    ] as const) {
      const pressed = press("stop", mine, { user, value });
      expect((await post(ingress, pressed)).status).to.equal(200);
      expect(await noticesFor(identityOf(pressed))).to.deep.equal(["not-your-session"]);
    }
    expect(await kindsIn(mine)).to.deep.equal(["said"]);
    expect(await kindsIn(victim)).to.deep.equal(["said"]);
  });

  it("is refused when an external user presses it", async () => {
    const ts = await startSession();
    const pressed = press("stop", ts, { team: "T0OTHER" });
    await post(ingress, pressed);
    expect(await kindsIn(ts)).to.deep.equal(["said"]);
    expect(await noticesFor(identityOf(pressed))).to.deep.equal(["external-user"]);
  });

  it("finds nothing to stop in a session nobody remembers", async () => {
    const pressed = press("stop", newTs());
    await post(ingress, pressed);
    expect(await noticesFor(identityOf(pressed))).to.deep.equal(["nothing-to-stop"]);
  });

  it("of somebody else's making is ignored", async () => {
    const ts = await startSession();
    await post(ingress, press("approve", ts));
    expect(await kindsIn(ts)).to.deep.equal(["said"]);
  });
});
