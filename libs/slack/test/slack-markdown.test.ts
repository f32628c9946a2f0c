import { expect } from "chai";
import { beginMarkdown, endMarkdown, readMarkdown, sanitizeMarkdown } from "../src/index.ts";

const ZWSP = "\u200b";

describe("a model's Markdown on its way to Slack", () => {
  it("keeps what is ordinary Markdown as it is", () => {
    const text = [
      "# Done",
      "",
      "I added **two** files & _one_ test, see [the docs](https://example.com/a_(b)?x=1&y=2):",
      "",
      "- [x] `src/app.ts`",
      "1. items[0] and a[b]",
      "> quoted",
      "",
      "```ts",
      "const x = handlers[name](event) ?? 3 > 2;",
      "```",
      "| a | b |",
      "",
    ].join("\n");
    expect(sanitizeMarkdown(text)).to.equal(text);
  });

  const inert: [attempt: string, text: string, shown: string][] = [
    ["a broadcast token", "<!channel> <!here|here>", "&lt;!channel> &lt;!here|here>"],
    ["a mention", "<@U123> <#C123|dev> <!subteam^S1>", "&lt;@U123> &lt;#C123|dev> &lt;!subteam^S1>"],
    ["a token in inline code", "`<!channel>`", "`&lt;!channel>`"],
    ["a token in a code block", "```\n<!channel>\n```", "```\n&lt;!channel>\n```"],
    ["a token cut by a code span", "<!chan`nel>`", "&lt;!chan`nel>`"],
    [
      "a plain broadcast",
      "@here @Channel @EVERYONE, me@here.com",
      `@${ZWSP}here @${ZWSP}Channel @${ZWSP}EVERYONE, me@${ZWSP}here.com`,
    ],
    ["a broadcast hidden by direction marks", "@\u202ehe\u2066re", `@${ZWSP}here`],
    ["a Slack link", "<https://evil.example|https://bank.example>", "&lt;https://evil.example|https://bank.example>"],
    ["a script link", "[click](javascript:alert(1))", "click"],
    ["a script link in capitals with blanks", "[click]( JavaScript:alert(1))", "click"],
    ["a script link by entities", "[click](java&#115;cript:x)", "click"],
    ["a script link by direction marks", "[click](java\u202escript:x)", "click"],
    ["a script link with a nested label", "[a [b] c](javascript:x)", `[a [b] c]${ZWSP}(javascript:x)`],
    ["a script link over two lines", "[a\nb](javascript:x)", `[a\nb]${ZWSP}(javascript:x)`],
    ["a script link by reference", "[a]: javascript:x", `[a]${ZWSP}: javascript:x`],
    ["a script link in an apparent code block", "```\n[a](javascript:x)", `\`\`\`\n[a]${ZWSP}(javascript:x)`],
    ["a deep link", "[open](slack://user?id=U1)", "open"],
    ["a data address", "[x](data:text/html;base64,AAAA)", "x"],
    [
      "a disguised link",
      "[https://bank.example](https://evil.example/x)",
      "[https://bank.example (evil.example)](https://evil.example/x)",
    ],
    ["invisible tag letters", "a\u{e0041}\u{e0042}b", "ab"],
    ["a control character", "a\u0000\u001bb\r\n", "ab\n"],
  ];
  for (const [attempt, text, shown] of inert) {
    it(`makes ${attempt} inert`, () => expect(sanitizeMarkdown(text)).to.equal(shown));
  }

  it("turns images into links and writes paths out", () => {
    expect(sanitizeMarkdown("![a cat](https://example.com/cat.png)")).to.equal("[a cat](https://example.com/cat.png)");
    expect(sanitizeMarkdown("![](https://example.com/cat.png)")).to.equal("[image](https://example.com/cat.png)");
    expect(sanitizeMarkdown("see [the app](src/app.ts) and [src/b.ts](src/b.ts)")).to.equal(
      "see the app (src/app.ts) and src/b.ts",
    );
    expect(sanitizeMarkdown("<https://example.com/a> <mailto:a@b.example>")).to.equal(
      "https://example.com/a a@b.example",
    );
    expect(sanitizeMarkdown('[docs](https://example.com "title") [m](mailto:a@b.example)')).to.equal(
      "[docs](https://example.com) [m](mailto:a@b.example)",
    );
  });

  it("redacts what looks like a secret, wherever it stands", () => {
    const pat = `ghp_${"a".repeat(36)}`;
    const cases: [string, string][] = [
      [`token=${pat};`, "token=[redacted];"],
      [`\`${pat}\``, "`[redacted]`"],
      [`\`\`\`\nexport T=${pat}\n\`\`\``, "```\nexport T=[redacted]\n```"],
      [`[x](https://example.com/?t=${pat})`, "[x](https://example.com/?t=[redacted])"],
      [`https://x-access-token:${pat}@github.com/a/b`, "https://[redacted]@github.com/a/b"],
      ["https://ada:hunter2@example.com/", "https://[redacted]@example.com/"],
      [`sk-ant-api03-${"b".repeat(40)}`, "[redacted]"],
      ["xoxb-1234567890-abcdefghij", "[redacted]"],
      ["AKIAIOSFODNN7EXAMPLE", "[redacted]"],
      ["https://hooks.slack.com/services/T0/B0/abc", "https://hooks.slack.com/services/[redacted]"],
      ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlMTIz", "[redacted]"],
    ];
    for (const [text, shown] of cases) expect(sanitizeMarkdown(text)).to.equal(shown);
  });

  it("redacts a private key and goes on after it", () => {
    const body = `${"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n".repeat(5)}c2hvcnQgbGluZSBidXQgbG9uZw==`;
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----`;
    expect(sanitizeMarkdown(`\`\`\`\n${key}\n\`\`\`\nafter`)).to.equal("```\n[redacted private key]\n```\nafter");
    expect(sanitizeMarkdown(`"${key.replaceAll("\n", "\\n")}\\n"`)).to.equal('"[redacted private key]\\n"');
    expect(sanitizeMarkdown("a line -----BEGIN PRIVATE KEY----- is the first")).to.equal(
      "a line [redacted private key] is the first",
    );
  });

  it("shows the same however the text is cut into pieces", () => {
    for (const text of [...inert.map(([, attempt]) => attempt), ...AWKWARD]) {
      const whole = sanitizeMarkdown(text);
      const step = text.length > 1_000 ? 13 : 1;
      for (let cut = 0; cut <= text.length; cut += step)
        expect(inPieces([text.slice(0, cut), text.slice(cut)])).to.equal(whole);
      expect(inPieces(text.split(""))).to.equal(whole);
      for (const size of [2, 3, 7, 11]) expect(inPieces(piecesOf(text, size))).to.equal(whole);
    }
  });

  it("holds back only what is unfinished", () => {
    expect(readMarkdown(beginMarkdown(), "Hello there, see [the docs](https://exa").output).to.equal(
      "Hello there, see ",
    );
    expect(readMarkdown(beginMarkdown(), "all the tests pas").output).to.equal("all the tests ");
    expect(readMarkdown(beginMarkdown(), "a `code").output).to.equal("a ");
    expect(readMarkdown(beginMarkdown(), "a `code\nnext ").output).to.equal("a `code\nnext ");
  });

  it("takes a 30 kB answer in a moment", () => {
    const text = "A line with `code`, a [link](https://example.com) and **bold** words.\n".repeat(450);
    const before = processorTime();
    expect(sanitizeMarkdown(text)).to.equal(text);
    expect(processorTime() - before).to.be.lessThan(500);
  });

  it("takes a moment for text made to take long, and holds little of it back", () => {
    const hostile = [
      `-----BEGIN PRIVATE KEY-----\n${"\\n".repeat(50_000)}!`,
      "`".repeat(100_000),
      "eyJ-".repeat(25_000),
      "[a](".repeat(25_000),
      "-----BEGIN ".repeat(10_000),
      "> ".repeat(50_000),
    ];
    for (const text of hostile) {
      const before = processorTime();
      sanitizeMarkdown(text);
      expect(processorTime() - before, text.slice(0, 40)).to.be.lessThan(4_000);
      const { held } = readMarkdown(beginMarkdown(), text).reader;
      expect(held.length, text.slice(0, 40)).to.be.at.most(20_000);
    }
  });
});

const AWKWARD = [
  ["a", "`".repeat(1_001), "b", "`".repeat(999), "c`d", "`".repeat(2_500)].join(" "),
  "> ```js\n> a <b> c\n> ```\n- ```\n  x\n  ```\n~~~py\n```\n~~~\n**b** *i* - 1. 22) ok",
  'a`b``c`d ``e`f`` `open\nnext [a](b [c](https://x.example "t") ![d](e',
  `-----BEGIN PRIVATE KEY-----\n${"A1b2".repeat(16)}\nProc-Type: 4,ENCRYPTED\n\n-----END PRIVATE KEY----- x -----BEGIN X\n-----`,
  "emoji 👩‍💻 \u{e0041} 🎉 <https://x.example/🎉> [👍](https://x.example) @here",
  "! [a] ![ [![badge](https://i.example)](https://l.example) \\[x](y) ]( ]: ](",
  `<${"h".repeat(30)} <https://${"a".repeat(2100)} ${"w".repeat(5000)} [${"l".repeat(600)}](https://x.example)`,
  "```\u202e```\n<!here> ``` `` ` \n````md\n```\n````",
];

function piecesOf(text: string, size: number): string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  );
}

function inPieces(pieces: readonly string[]): string {
  let reader = beginMarkdown();
  let shown = "";
  for (const piece of pieces) {
    const step = readMarkdown(reader, piece);
    reader = step.reader;
    shown += step.output;
  }
  return shown + endMarkdown(reader).output;
}

/** Processor time this process has used, in milliseconds: what else the machine does counts for nothing. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
