import { expect } from "chai";
import { findViolations, type Manifests } from "../imports/find-violations.ts";

const MANIFESTS: Manifests = new Map([
  ["", manifest("peerbot", [], ["chai", "zod", "@peerbot/testing", "@peerbot/sandbox"])],
  ["libs/testing", manifest("@peerbot/testing", ["ioredis"])],
  ["libs/slack", manifest("@peerbot/slack", ["zod"])],
  ["services/ingress", manifest("@peerbot/ingress", ["@slack/bolt", "@peerbot/slack", "zod"])],
  ["services/gateway", manifest("@peerbot/gateway", ["@peerbot/ingress", "@peerbot/slack", "zod"])],
  ["services/sandbox", manifest("@peerbot/sandbox", [])],
  ["e2e", manifest("@peerbot/e2e", ["ioredis"])],
]);

function manifest(name: string, dependencies: string[], devDependencies: string[] = []) {
  return { name, dependencies, devDependencies };
}

function check(path: string, ...lines: string[]): string[] {
  return findViolations([{ path, source: lines.join("\n") }], MANIFESTS);
}

describe("the import rules", () => {
  const allowed: [string, string, string][] = [
    ["a service uses a library", "services/ingress/src/a.ts", 'import { x } from "@peerbot/slack";'],
    ["a service uses its own files", "services/ingress/src/a.ts", 'import { x } from "./b/c.ts";'],
    ["a vendor's library in its home", "services/ingress/src/a.ts", 'import { App } from "@slack/bolt";'],
    ["a test uses the root's tools", "services/ingress/test/a.test.ts", 'import { expect } from "chai";'],
    ["a script uses a service", "scripts/a.ts", 'import { x } from "@peerbot/sandbox/control";'],
    ["an end-to-end test uses scripts", "e2e/a.test.ts", 'import { startStack } from "../scripts/stack/index.ts";'],
    ["a built-in", "libs/slack/src/a.ts", 'import { join } from "node:path";'],
    ["main reads the environment", "services/ingress/src/main.ts", "start(process.env);"],
    ["code in a string", "libs/slack/test/a.test.ts", '  import x from "nowhere";'],
    ["words in a comment", "libs/slack/src/a.ts", '// import x from "nowhere" and process.env'],
  ];
  for (const [name, path, line] of allowed) {
    it(`allow: ${name}`, () => {
      expect(check(path, line)).to.deep.equal([]);
    });
  }

  const refused: [string, string, string, string][] = [
    ["a service uses another", "services/gateway/src/a.ts", 'import "@peerbot/ingress";', "a service imports"],
    [
      "by a path",
      "services/gateway/src/a.ts",
      'export * from "../../ingress/src/a.ts";',
      "leads into services/ingress",
    ],
    [
      "in a test",
      "services/gateway/test/a.test.ts",
      'import "@peerbot/sandbox";',
      "a service imports services/sandbox",
    ],
    ["a library uses a service", "libs/slack/src/a.ts", 'import "@peerbot/sandbox";', "a library imports"],
    ["a library uses scripts", "libs/slack/src/a.ts", 'import "../../../scripts/a.ts";', "leads into scripts"],
    [
      "a vendor's library elsewhere",
      "services/gateway/src/a.ts",
      'import "@slack/bolt";',
      "belongs into services/ingress",
    ],
    ["test helpers in a service", "services/gateway/src/a.ts", 'import "@peerbot/testing";', "only tests and scripts"],
    ["undeclared", "libs/slack/src/a.ts", 'import { Redis } from "ioredis";', "ioredis is not declared"],
    [
      "undeclared, imported late",
      "libs/slack/src/a.ts",
      'const x = await import("ioredis");',
      "ioredis is not declared",
    ],
    ["a development tool in source", "libs/slack/src/a.ts", 'import { expect } from "chai";', "chai is not declared"],
    ["an import over several lines", "libs/slack/src/a.ts", '} from "ioredis/built/x.js";', "ioredis is not declared"],
    ["a built-in by its bare name", "libs/slack/src/a.ts", 'import { join } from "path";', "write node:path"],
    ["the environment", "services/ingress/src/compose.ts", "const x = process.env.PORT;", "only a main.ts"],
  ];
  for (const [name, path, line, reason] of refused) {
    it(`refuse: ${name}`, () => {
      const violations = check(path, "", line);
      expect(violations).to.have.lengthOf(1);
      expect(violations[0]).to.contain(`${path}:2: `).and.to.contain(reason);
    });
  }
});
