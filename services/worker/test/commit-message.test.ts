import { expect } from "chai";
import { commitMessage, subjectOf } from "../src/workspace/commit-message.ts";

describe("a commit message", () => {
  const person = { team: "T1", id: "U1", name: "Ada Lovelace", email: "ada@example.com" };

  it("takes its subject from the request", () => {
    expect(subjectOf("please add a health endpoint. It should say ok.")).to.equal("Add a health endpoint");
  });

  it("keeps the subject on one line of at most 72 characters", () => {
    const subject = subjectOf(`fix\r\n\u2028the ${"very ".repeat(40)}long thing`);
    expect(subject).to.match(/^Fix the very [^\p{Cc}]*…$/u);
    expect(subject.length).to.be.at.most(72);
  });

  it("has a subject for any request", () => {
    expect(subjectOf(" \n\u0000 ")).to.equal("Work on the session");
  });

  it("lets no name forge a trailer", () => {
    const name = "Eve>\nSigned-off-by: Ada <ada@example.com>";
    expect(commitMessage({ request: "Add a file", person: { team: "T1", id: "U2", name } })).to.equal(
      "Add a file\n\nRequested in Slack by Eve Signed-off-by: Ada adaexample.com.\n\nCo-authored-by: Eve Signed-off-by: Ada adaexample.com <U2@T1.slack.invalid>\n",
    );
  });

  it("names the person as co-author", () => {
    expect(commitMessage({ request: "Add a file", person })).to.contain(
      "\n\nCo-authored-by: Ada Lovelace <ada@example.com>\n",
    );
  });
});
