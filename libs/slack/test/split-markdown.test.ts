import { expect } from "chai";
import { cutMarkdown, markdownPart } from "../src/index.ts";

describe("splitting an answer over several messages", () => {
  it("cuts between blocks, and no part is above the budget", () => {
    const text = Array.from({ length: 60 }, (_, index) => `Paragraph ${index}: ${"words ".repeat(20)}`).join("\n\n");
    const parts = partsOf(text, 1_000);
    expect(parts.join("")).to.equal(text);
    for (const part of parts) expect(Buffer.byteLength(part)).to.be.at.most(1_000);
    for (const part of parts.slice(1)) expect(part).to.match(/^Paragraph/);
  });

  it("closes a code block at the end of a part and opens it again in the next", () => {
    const code = Array.from({ length: 80 }, (_, index) => `const x${index} = ${index};`).join("\n");
    const text = `Look:\n\n\`\`\`ts\n${code}\n\`\`\`\nDone.`;
    const cuts = cutsOf(text, 500);
    const parts = cuts.slice(1).map((to, index) => markdownPart(text, cuts[index] ?? 0, to));
    expect(parts.length).to.be.greaterThan(2);
    expect(parts[0]).to.match(/^Look:\n\n```ts\n.*\n```$/s);
    expect(parts[1]).to.match(/^```ts\nconst x\d+ = \d+;\n.*\n```$/s);
    expect(parts.at(-1)).to.match(/\n```\nDone\.$/);
    const lines = parts.flatMap((part) => part.split("\n").filter((line) => line.startsWith("const")));
    expect(lines.join("\n")).to.equal(code);
  });

  it("cuts inside a line only where there is no other way, and never inside a character", () => {
    const text = "🎉".repeat(300);
    const parts = partsOf(text, 101);
    expect(parts.join("")).to.equal(text);
    for (const part of parts) {
      expect(Buffer.byteLength(part)).to.be.at.most(101);
      expect(part).to.match(/^(🎉)+$/u);
    }
    expect(partsOf("one two three four", 9)).to.deep.equal(["one two ", "three ", "four"]);
  });
});

function cutsOf(text: string, budget: number): number[] {
  const cuts = [0];
  while ((cuts.at(-1) ?? 0) < text.length) cuts.push(cutMarkdown(text, cuts.at(-1) ?? 0, budget));
  return cuts;
}

function partsOf(text: string, budget: number): string[] {
  const cuts = cutsOf(text, budget);
  return cuts.slice(1).map((to, index) => text.slice(cuts[index], to));
}
