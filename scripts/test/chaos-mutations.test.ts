import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { applyEdit, MECHANISMS, MUTATIONS } from "../chaos/mutations.ts";

const ROOT = join(import.meta.dirname, "../..");

describe("a mechanism that can be taken out", () => {
  for (const mechanism of MECHANISMS) {
    it(`is in the source as its mutation expects it: ${mechanism}`, async () => {
      const sources = new Map<string, string>();
      for (const edit of MUTATIONS[mechanism].edits) {
        const source = sources.get(edit.file) ?? (await readFile(join(ROOT, edit.file), "utf8"));
        const changed = applyEdit(source, edit);
        expect(changed).to.not.equal(source);
        sources.set(edit.file, changed);
      }
    });
  }

  it("is not taken out of a source that has changed", () => {
    const edit = { file: "a.ts", text: "if (old) refuse();", replacement: "" };
    expect(() => applyEdit("if (isOld) refuse();", edit)).to.throw("a.ts has 0 times, not 1 times");
  });
});
