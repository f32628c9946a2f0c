import { commaSeparated, flag, secret, wholeNumber } from "@peerbot/runtime";
import { expect } from "chai";
import { z } from "zod";
import { configurationPage } from "../settings/configuration-page.ts";
import { describeSetting } from "../settings/describe-setting.ts";

describe("the description of a setting", () => {
  it("tells required, optional and defaulted settings apart", () => {
    const { TOKEN, PORT, USERS, MODEL, SHOUT } = {
      TOKEN: describeSetting("TOKEN", secret().describe("Opens doors.")),
      PORT: describeSetting("PORT", wholeNumber({ max: 65_535 }).default(3000).describe("Where it listens.")),
      USERS: describeSetting("USERS", commaSeparated().default([]).describe("Who may.")),
      MODEL: describeSetting("MODEL", z.string().describe("Which model.").optional()),
      SHOUT: describeSetting("SHOUT", flag().default(false)),
    };
    expect(TOKEN).to.deep.equal({ name: "TOKEN", description: "Opens doors.", isRequired: true, isSecret: true });
    expect(PORT).to.include({ description: "Where it listens.", isRequired: false, defaultValue: "3000" });
    expect(USERS).to.include({ isRequired: false, defaultValue: "" });
    expect(MODEL).to.deep.equal({ name: "MODEL", description: "Which model.", isRequired: false, isSecret: false });
    expect(SHOUT).to.include({ defaultValue: "false", isSecret: false });
  });

  it("knows a secret behind refinements, defaults and options", () => {
    const long = secret().refine((value) => value.reveal().length >= 32, "is too short");
    expect(describeSetting("A", long.describe("Signs.").optional())).to.include({ isSecret: true, isRequired: false });
  });
});

describe("the configuration page", () => {
  const level = describeSetting("LOG_LEVEL", z.string().default("info").describe("How much | is logged."));
  const port = describeSetting("PORT", wholeNumber().describe("Where."));
  const key = describeSetting("KEY", secret().optional().describe("Opens."));
  const page = configurationPage([
    { service: "gateway", settings: [level, key] },
    { service: "ingress", settings: [level, port] },
  ]);

  it("names a setting of several services once, with its readers", () => {
    expect(page.match(/LOG_LEVEL/g)).to.have.lengthOf(1);
    expect(page).to.contain("| `LOG_LEVEL` | How much \\| is logged. | `info` | gateway, ingress |");
  });

  it("marks secrets and what is required", () => {
    expect(page).to.contain(
      "## gateway\n\n| Setting | Meaning | Default |\n| --- | --- | --- |\n| `KEY` 🔒 | Opens. | – |",
    );
    expect(page).to.contain("| `PORT` | Where. | **required** |");
  });
});
