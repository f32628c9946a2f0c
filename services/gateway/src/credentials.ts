import type { IncomingHttpHeaders } from "node:http";

/** Finds the token a caller presents; undefined when there is none. */
export type CredentialReader = (headers: IncomingHttpHeaders) => string | undefined;

/** `Authorization: Bearer {token}`. */
export function bearerToken({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
}

/** As clients of the Claude API present their key: `x-api-key`, or as a bearer. */
export function apiKeyToken(headers: IncomingHttpHeaders): string | undefined {
  const key = headers["x-api-key"];
  return typeof key === "string" && key !== "" ? key : bearerToken(headers);
}

/** As git presents a password: basic authentication with any user name, or as a bearer (`http.extraHeader`). */
export function gitToken(headers: IncomingHttpHeaders): string | undefined {
  const encoded = /^Basic +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  if (encoded === undefined) return bearerToken(headers);
  const password = /^[^:]*:(.+)$/.exec(Buffer.from(encoded, "base64").toString("utf8"))?.[1];
  return password;
}
