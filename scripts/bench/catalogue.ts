import type { Bench } from "./bench.ts";
import { ingestBench } from "./ingest/ingest-bench.ts";
import { startBench } from "./start/start-bench.ts";

/** Everything `npm run bench` can measure. */
export const BENCHES: readonly Bench[] = [startBench, ingestBench];
