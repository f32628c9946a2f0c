import { randomUUID } from "node:crypto";
import { z } from "zod";
import { createHttpTransport, type HttpTransportOptions } from "./deliver-http.ts";
import { isAccepted } from "./transport.ts";

const Echo = z.object({ challenge: z.string() });

/** Sends Slack's `url_verification`; true when the app answers with the challenge, as JSON or plain text. */
export async function verifyUrl(options: HttpTransportOptions): Promise<boolean> {
  const challenge = randomUUID();
  const payload = { type: "url_verification", token: "sandbox-verification-token", challenge };
  const outcome = await createHttpTransport(options).send({ kind: "events_api", payload }, null);
  const echo = Echo.safeParse(outcome.body);
  return isAccepted(outcome) && (outcome.body === challenge || echo.data?.challenge === challenge);
}
