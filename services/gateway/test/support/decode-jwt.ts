/** A token's claims, unverified. */
export function decodeJwt(token: string): { exp?: number } {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}
