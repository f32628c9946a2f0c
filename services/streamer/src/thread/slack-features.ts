/** What this Slack offers to this app; what it once refused for good is not tried again in this process. */
export interface SlackFeatures {
  has(feature: SlackFeature): boolean;
  lose(feature: SlackFeature): void;
}

export type SlackFeature = "streams" | "session-status";

export function createSlackFeatures(): SlackFeatures {
  const lost = new Set<SlackFeature>();
  return { has: (feature) => !lost.has(feature), lose: (feature) => void lost.add(feature) };
}
