import { isSet, OUTSIDE_PARTIES, type OutsideParty, type Settings, withoutParty } from "./outside-world.ts";
import { standInSettings } from "./stand-in-settings.ts";

export interface OutsideOptions {
  /** What the operator set. */
  settings: Settings;
  standIns: readonly OutsideParty[];
  /** Where services reach sandbox and ingress. */
  urls: { sandbox: string; ingress: string };
  secrets: { slackSigningSecret: string };
}

/** Whom the sandbox plays: everybody who is not real, nor replaced otherwise. */
export function standInsBeside(real: readonly OutsideParty[], settings: Settings): OutsideParty[] {
  return OUTSIDE_PARTIES.filter((party) => !real.includes(party) && !isReplacedOtherwise(party, settings));
}

/** The operator's settings with everything that leads to those the sandbox plays. */
export function outsideSettings({ settings, standIns, urls, secrets }: OutsideOptions): Settings {
  const kept = standIns.reduce(withoutParty, settings);
  // With an app token Slack needs no public address, which a developer's machine hardly has.
  const slackMode = settings.SLACK_MODE ?? (isSet(kept, "SLACK_APP_TOKEN") ? "socket" : "http");
  return {
    ...kept,
    SLACK_MODE: slackMode,
    SLACK_DELIVERY: slackMode,
    SLACK_EVENTS_URL: `${urls.ingress}/slack/events`,
    ...Object.assign({}, ...standIns.map((party) => standInSettings(party, { urls, secrets }))),
  };
}

/** Those of some settings that have a value and are among the variables. */
export function pickSettings(settings: Settings, variables: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    variables.flatMap((variable) => {
      const value = settings[variable];
      return value === undefined || value === "" ? [] : [[variable, value]];
    }),
  );
}

/** Conversations may be kept in a folder instead of a bucket. */
function isReplacedOtherwise(party: OutsideParty, settings: Settings): boolean {
  return party === "gcs" && isSet(settings, "CONVERSATION_DIRECTORY");
}
