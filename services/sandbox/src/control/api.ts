import { z } from "zod";

/*
 * The control API under /sandbox: what a person (the page), `say` and tests do with the Slack stand-in. Every request
 * body is one of the schemas in `api/`. A wrong body is answered 400 with `ControlError`.
 */

export * from "./api/deeds.ts";
export * from "./api/delivery.ts";
export * from "./api/faults.ts";
export * from "./api/ledger.ts";
export * from "./api/outside.ts";
export * from "./api/state.ts";
export * from "./api/stream.ts";
export * from "./api/views.ts";
export * from "./thread-message.ts";

export const ControlError = z.object({ ok: z.literal(false), error: z.string() });
export type ControlError = z.infer<typeof ControlError>;
