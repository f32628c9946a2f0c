import { z } from "zod";
import { DeliveryResult } from "./delivery.ts";
import { ChannelId, Ts } from "./names.ts";

// GET /sandbox/ledger?channel=&threadTs=&method=

export const LedgerQuery = z.object({
  channel: ChannelId.optional(),
  threadTs: Ts.optional(),
  method: z.string().optional(),
});

export const LedgerCall = z.object({
  seq: z.number(),
  method: z.string(),
  at: z.number().describe("Milliseconds since the epoch."),
  /** Decoded arguments, without the token. */
  args: z.record(z.string(), z.unknown()),
  httpStatus: z.number().describe("0 when a fault kept the answer back."),
  response: z.record(z.string(), z.unknown()),
  channel: z.string().nullable(),
  threadTs: z.string().nullable(),
});
export type LedgerCall = z.infer<typeof LedgerCall>;

export const LedgerDelivery = z.object({
  eventId: z.string(),
  type: z.string(),
  at: z.number(),
  attempts: z.number(),
  statuses: z.array(z.number()),
  status: DeliveryResult.shape.status,
  channel: z.string().nullable(),
  threadTs: z.string().nullable(),
});
export type LedgerDelivery = z.infer<typeof LedgerDelivery>;

export const Ledger = z.object({ calls: z.array(LedgerCall), deliveries: z.array(LedgerDelivery) });
export type Ledger = z.infer<typeof Ledger>;
