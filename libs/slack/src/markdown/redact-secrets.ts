const TOKENS = [
  /gh[pousr]_[A-Za-z0-9]{20,}/,
  /github_pat_[A-Za-z0-9_]{20,}/,
  /glpat-[A-Za-z0-9_-]{20,}/,
  /xox[a-z]-[A-Za-z0-9-]{10,}/,
  /xapp-\d-[A-Za-z0-9-]{10,}/,
  /sk-ant-[A-Za-z0-9_-]{16,}/,
  /sk-(?:proj-)?[A-Za-z0-9_-]{32,}/,
  /(?:AKIA|ASIA)[0-9A-Z]{16}/,
  /AIza[0-9A-Za-z_-]{35}/,
  /npm_[A-Za-z0-9]{36}/,
  /eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/,
];

const TOKEN = new RegExp(`(?<![A-Za-z0-9])(?:${TOKENS.map(({ source }) => source).join("|")})`, "g");
const WEBHOOK = /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[A-Za-z0-9_/-]+/g;
const ADDRESS_WITH_PASSWORD = /(\bhttps?:\/\/)[^/\s:@]+:[^/\s@]+@/gi;

/** Takes out what looks like a token of a known kind. None of these holds a blank, so a whole word is enough to see it. */
export function redactSecrets(text: string): string {
  return text
    .replace(TOKEN, "[redacted]")
    .replace(WEBHOOK, "$1[redacted]")
    .replace(ADDRESS_WITH_PASSWORD, "$1[redacted]@");
}
