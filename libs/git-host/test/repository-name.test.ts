import { Repository } from "@peerbot/contracts";
import { expect } from "chai";
import { isOwnedBy, ownershipMark } from "../src/github/ownership.ts";
import { repositoryNamesFor, slugOf } from "../src/github/repository-name.ts";

const nameOf = (name: string, id = "U012AB") => repositoryNamesFor({ team: "T1", id, name });

describe("the name of a person's repository", () => {
  it("is the person's name in small letters and hyphens, then with the id, then with a hash", () => {
    const [best, withId, withHash] = nameOf("Ann O'Neill");
    expect([best, withId]).to.deep.equal(["user-ann-o-neill", "user-ann-o-neill-u012ab"]);
    expect(withHash).to.match(/^user-ann-o-neill-u012ab-[0-9a-f]{12}$/);
  });

  it("is the id when nothing of the name can be used", () => {
    expect(nameOf("🦊🦊")[0]).to.equal("user-u012ab");
    expect(nameOf("")[0]).to.equal("user-u012ab");
    expect(nameOf("健康")[0]).to.equal("user-u012ab");
  });

  it("keeps the letters under accents", () => {
    expect(slugOf("Zoë Müller-Łuk")).to.equal("zoe-muller-uk");
  });

  const hostile = [
    "../../etc",
    "..",
    ".git",
    "ann.git",
    "a".repeat(200),
    "-rf",
    "a/b",
    "$(id)",
    "\u0000",
    "a\nb",
    "<!channel>",
  ];
  for (const name of hostile) {
    it(`is valid and harmless for somebody called ${JSON.stringify(name.slice(0, 12))}`, () => {
      for (const candidate of nameOf(name)) {
        expect(candidate).to.match(/^user-[a-z0-9]+(-[a-z0-9]+)*$/);
        expect(candidate).to.have.length.at.most(100);
        expect(Repository.shape.name.safeParse(candidate).success).to.equal(true);
      }
    });
  }

  it("differs in its last form for the same id in another team", () => {
    const other = repositoryNamesFor({ team: "T2", id: "U012AB", name: "Ann" });
    expect(other.at(-1)).to.not.equal(repositoryNamesFor({ team: "T1", id: "U012AB", name: "Ann" }).at(-1));
  });
});

describe("the mark of a repository's owner", () => {
  const ann = { team: "T1", id: "U1" };

  it("is recognised, also among words somebody added", () => {
    expect(isOwnedBy(ownershipMark(ann), ann)).to.equal(true);
    expect(isOwnedBy(`The best one. ${ownershipMark(ann)}.`, ann)).to.equal(true);
  });

  it("is nobody else's", () => {
    for (const other of [
      { team: "T1", id: "U2" },
      { team: "T2", id: "U1" },
      { team: "T1", id: "U11" },
      { team: "T", id: "U1" },
    ]) {
      expect(isOwnedBy(ownershipMark(other), ann)).to.equal(false);
    }
    expect(isOwnedBy(null, ann)).to.equal(false);
    expect(isOwnedBy("", ann)).to.equal(false);
  });
});
