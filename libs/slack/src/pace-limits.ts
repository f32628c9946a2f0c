/** How often something may be done: `perMinute` in any minute, of which `burst` at once. */
export interface PaceLimit {
  perMinute: number;
  burst: number;
}

/** The limits of one method; a bucket is shared by all sessions and replicas. */
export interface MethodPace {
  workspace: PaceLimit;
  channel?: PaceLimit;
}

/** Slack gives its tiers as "N+ per minute"; the plus is not counted on. */
const TIER_2: MethodPace = { workspace: tier(20) };
const TIER_3: MethodPace = { workspace: tier(50) };
const TIER_4: MethodPace = { workspace: tier(100) };

/** Slack's published limits (docs.slack.dev, "Rate limits") for the methods Peerbot calls to show things. */
export const SLACK_PACE: Readonly<Record<string, MethodPace>> = {
  // About one a second in each channel; "several hundred" a minute in a workspace.
  "chat.postMessage": { workspace: { perMinute: 300, burst: 60 }, channel: { perMinute: 60, burst: 3 } },
  "chat.postEphemeral": TIER_4,
  "chat.update": TIER_3,
  "chat.startStream": TIER_2,
  "chat.appendStream": TIER_4,
  "chat.stopStream": TIER_2,
  "reactions.add": TIER_3,
  "reactions.remove": TIER_2,
  "conversations.replies": TIER_3,
  "agents.sessions.setStatus": TIER_3,
};

/** Of a tier a fifth may come at once; what flows afterwards is slower by as much, so that no minute holds more. */
function tier(perMinute: number): PaceLimit {
  const burst = Math.max(1, Math.floor(perMinute / 5));
  return { perMinute: perMinute - burst, burst };
}

/** The same limits at `percent` of what is allowed. */
export function scaledPace(
  limits: Readonly<Record<string, MethodPace>>,
  percent: number,
): Readonly<Record<string, MethodPace>> {
  const scale = ({ perMinute, burst }: PaceLimit): PaceLimit => ({
    perMinute: (perMinute * percent) / 100,
    burst: Math.max(1, Math.floor((burst * percent) / 100)),
  });
  return Object.fromEntries(
    Object.entries(limits).map(([method, { workspace, channel }]) => [
      method,
      { workspace: scale(workspace), ...(channel === undefined ? {} : { channel: scale(channel) }) },
    ]),
  );
}
