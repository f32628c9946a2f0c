import { expect } from "chai";
import { findEmptyPromises, titlesIn } from "../operations/find-empty-promises.ts";

const HEAD = "# Operations\n\n| when | what happens | tests |\n| --- | --- | --- |\n";
const TESTS = new Map([
  ["launcher", ["adopts a run", "what a crash left behind"]],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a title as it stands in a source.
  ["e2e/streamer", ["meets ${kind} twice"]],
]);

describe("the check of the operations page", () => {
  it("finds nothing when each row names tests that exist", () => {
    const rows = [
      "| **Runs** | | |",
      "| a launcher dies | all goes on | `launcher` *adopts a run*, *what a crash left behind*; `e2e/streamer` *meets 500 twice* |",
    ];
    expect(findEmptyPromises(`${HEAD}${rows.join("\n")}\n\nMore.`, TESTS)).to.deep.equal([]);
  });

  for (const [what, row, complaint] of [
    ["no test", "| it rains | nothing | – |", '"it rains" names no test'],
    ["a title that nothing has", "| a | b | `launcher` *adopts* |", '"a": launcher has no test "adopts"'],
    [
      "a test of another place",
      "| a | b | `e2e/streamer` *adopts a run* |",
      '"a": e2e/streamer has no test "adopts a run"',
    ],
  ] as const) {
    it(`complains of a row with ${what}`, () => {
      expect(findEmptyPromises(HEAD + row, TESTS)).to.deep.equal([complaint]);
    });
  }

  it("complains when the table is gone", () => {
    expect(findEmptyPromises("# Operations\n", TESTS)).to.have.length(1);
  });

  it("reads titles however they are quoted, over lines too", () => {
    const source = `describe("a \\"run\\"", () => {\n  it(\n    'is it',\n  );\n  it(\`meets \${kind}\`, () => {});`;
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in the source.
    expect(titlesIn(source)).to.deep.equal(['a "run"', "is it", "meets ${kind}"]);
  });
});
