import { expect } from "chai";
import { createAnswerText } from "../src/agent/answer-text.ts";

describe("the answer's text", () => {
  const give = (answer: ReturnType<typeof createAnswerText>, ...pieces: string[]) => {
    const shown = pieces.map((piece) => answer.add(piece)).join("");
    answer.end();
    answer.finish();
    return shown;
  };

  it("has a paragraph between two texts", () => {
    const answer = createAnswerText();
    expect(give(answer, "One", " two.") + give(answer, "Three.")).to.equal("One two.\n\nThree.");
    expect(answer.last).to.equal("Three.");
  });

  it("adds no second paragraph where the text has one", () => {
    const answer = createAnswerText();
    expect(give(answer, "One.\n\n") + give(answer, "Two.")).to.equal("One.\n\nTwo.");
  });

  it("shows once what broke off and came again", () => {
    const answer = createAnswerText();
    const broken = answer.add("The quick ");
    answer.end();
    answer.abandon();
    expect(broken + give(answer, "The", " quick brown", " fox")).to.equal("The quick brown fox");
  });

  it("shows a different text in full after one that broke off", () => {
    const answer = createAnswerText();
    const broken = answer.add("The quick ");
    answer.abandon();
    expect(broken + give(answer, "The ", "slow fox")).to.equal("The quick \n\nThe slow fox");
  });
});
