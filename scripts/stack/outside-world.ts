export type Settings = Readonly<Record<string, string | undefined>>;

export const OUTSIDE_PARTIES = ["slack", "github", "claude", "gcs"] as const;
export type OutsideParty = (typeof OUTSIDE_PARTIES)[number];

/** What belongs to one outside party: `credentials` make it the real one, the rest says which and where. */
const VARIABLES: Readonly<Record<OutsideParty, { credentials: readonly string[]; others: readonly string[] }>> = {
  slack: {
    credentials: ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"],
    others: ["SLACK_API_URL", "SLACK_MODE"],
  },
  github: { credentials: ["GITHUB_TOKEN"], others: ["GITHUB_ORGANIZATION", "GITHUB_API_URL", "GITHUB_GIT_URL"] },
  claude: { credentials: ["ANTHROPIC_API_KEY"], others: ["ANTHROPIC_BASE_URL"] },
  gcs: { credentials: ["GCS_BUCKET"], others: ["GCS_API_ENDPOINT"] },
};

/** Every variable that says something of an outside party. */
export const OUTSIDE_VARIABLES: readonly string[] = Object.values(VARIABLES).flatMap(({ credentials, others }) => [
  ...credentials,
  ...others,
]);

export interface OutsideWorld {
  /** Whom the settings make real; the others are played by the sandbox. */
  real: readonly OutsideParty[];
  /** What a half-configured real party lacks, in sentences. */
  problems: readonly string[];
}

/** Decides one by one who is real. */
export function chooseOutsideWorld(settings: Settings): OutsideWorld {
  const real = OUTSIDE_PARTIES.filter((party) => VARIABLES[party].credentials.some((name) => isSet(settings, name)));
  return { real, problems: real.flatMap((party) => problemsOf(party, settings)) };
}

function problemsOf(party: OutsideParty, settings: Settings): string[] {
  if (party === "github" && !isSet(settings, "GITHUB_ORGANIZATION")) {
    return ["GITHUB_TOKEN is set but GITHUB_ORGANIZATION is missing: the organization that owns the repositories."];
  }
  if (party !== "slack") return [];
  const problems: string[] = [];
  if (!isSet(settings, "SLACK_BOT_TOKEN"))
    problems.push("SLACK_BOT_TOKEN is missing beside the other SLACK_ settings.");
  if (!isSet(settings, "SLACK_APP_TOKEN") && !isSet(settings, "SLACK_SIGNING_SECRET")) {
    problems.push("SLACK_APP_TOKEN (Socket Mode, needs no public address) or SLACK_SIGNING_SECRET (HTTP) is missing.");
  }
  return problems;
}

export function isSet(settings: Settings, name: string): boolean {
  return settings[name] !== undefined && settings[name] !== "";
}

/** The settings without those of one party. */
export function withoutParty(settings: Settings, party: OutsideParty): Settings {
  const { credentials, others } = VARIABLES[party];
  return Object.fromEntries(Object.entries(settings).filter(([name]) => ![...credentials, ...others].includes(name)));
}
