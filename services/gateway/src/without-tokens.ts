/** Three base64url parts, the first one a JSON object: every token this gateway signs looks like that (RFC 7519). */
const TOKEN = /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/g;

/** What an agent wrote, without any token its shell may have shown it: a pull request outlives the run and has readers. */
export function withoutTokens(text: string): string {
  return text.replace(TOKEN, "[removed]");
}
