import type { LedgerCall, LedgerDelivery } from "../control/api.ts";

const MAX_ENTRIES = 10_000;

export interface LedgerFilter {
  channel?: string | undefined;
  threadTs?: string | undefined;
  method?: string | undefined;
}

/** Everything the app asked of Slack, and everything Slack told the app, in order. The oldest entries are forgotten. */
export interface Ledger {
  recordCall(call: Omit<LedgerCall, "seq">): void;
  /** The returned entry may be updated while attempts go on. */
  recordDelivery(delivery: LedgerDelivery): LedgerDelivery;
  read(filter: LedgerFilter): { calls: LedgerCall[]; deliveries: LedgerDelivery[] };
}

export function createLedger(): Ledger {
  const calls: LedgerCall[] = [];
  const deliveries: LedgerDelivery[] = [];
  let seq = 0;
  const matches = (entry: { channel: string | null; threadTs: string | null }, filter: LedgerFilter) =>
    (filter.channel === undefined || entry.channel === filter.channel) &&
    (filter.threadTs === undefined || entry.threadTs === filter.threadTs);
  return {
    recordCall(call) {
      seq += 1;
      calls.push({ seq, ...call });
      if (calls.length > MAX_ENTRIES) calls.shift();
    },
    recordDelivery(delivery) {
      deliveries.push(delivery);
      if (deliveries.length > MAX_ENTRIES) deliveries.shift();
      return delivery;
    },
    read(filter) {
      return {
        calls: calls.filter(
          (call) => matches(call, filter) && (filter.method === undefined || call.method === filter.method),
        ),
        deliveries: filter.method === undefined ? deliveries.filter((delivery) => matches(delivery, filter)) : [],
      };
    },
  };
}
