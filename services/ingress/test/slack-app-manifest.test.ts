import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readDelivery } from "../src/read-delivery.ts";
import { CHANNEL, callback, MENTION, mention, message, newTs } from "./support/payloads.ts";
import { BOT_ID, BOT_USER, TEAM } from "./support/slack-stand-in.ts";

describe("The Slack app manifest", () => {
  const identity = { team: TEAM, botUserId: BOT_USER, botId: BOT_ID, enterprise: undefined };
  const events = {
    app_mention: mention(`${MENTION} hi`),
    "message.channels": message("hi"),
    "message.groups": message("hi", { channel_type: "group" }),
    "message.mpim": message("hi", { channel_type: "mpim" }),
    "message.im": message("hi", { channel: "D0ALICE", channel_type: "im" }),
    agent_session_stopped: {
      ...{ type: "agent_session_stopped", channel: CHANNEL, user: "U0ALICE", thread_ts: newTs() },
      ...{ streaming_message_ts: [], event_ts: newTs() },
    },
  };

  it("subscribes to exactly the events that are read, and names the addresses that are served", async () => {
    const manifest = await readFile(join(import.meta.dirname, "../../../docs/slack-app-manifest.yaml"), "utf8");
    const list = /bot_events:\n((?: +- .*\n)+)/.exec(manifest)?.[1] ?? "";
    const subscribed = [...list.matchAll(/- (\S+)/g)].map(([, name]) => name);
    expect(subscribed).to.have.members(Object.keys(events));
    for (const [name, event] of Object.entries(events)) {
      expect(readDelivery(callback(event), identity), name).to.have.property("delivery");
    }
    expect(manifest).to.contain("/slack/events\n").and.to.contain("/slack/interactive\n");
  });
});
