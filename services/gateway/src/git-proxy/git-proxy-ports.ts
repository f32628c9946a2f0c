import type { SessionRuns } from "@peerbot/session-log";
import type { FenceWatchPorts } from "../fence-watch.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { Abilities } from "./abilities.ts";
import type { GitUpstream } from "./git-upstream.ts";

/** What the git proxy works with. */
export interface GitProxyPorts extends FenceWatchPorts {
  runs: SessionRuns;
  upstream: GitUpstream;
  abilities: Abilities;
  metrics: GatewayMetrics;
  pushMaxBytes: number;
}
