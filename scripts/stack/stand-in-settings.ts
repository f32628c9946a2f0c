import type { OutsideParty, Settings } from "./outside-world.ts";

interface StandInOptions {
  urls: { sandbox: string };
  secrets: { slackSigningSecret: string };
}

/** What the services are told to reach the sandbox instead of a real outside party. */
export function standInSettings(party: OutsideParty, { urls, secrets }: StandInOptions): Settings {
  switch (party) {
    case "slack":
      return {
        SLACK_BOT_TOKEN: "xoxb-sandbox",
        SLACK_APP_TOKEN: "xapp-sandbox",
        SLACK_SIGNING_SECRET: secrets.slackSigningSecret,
        SLACK_API_URL: `${urls.sandbox}/slack/api/`,
      };
    case "github":
      return {
        GITHUB_TOKEN: "sandbox-github-token",
        GITHUB_ORGANIZATION: "peerbot-sandbox",
        GITHUB_API_URL: `${urls.sandbox}/github/api`,
        GITHUB_GIT_URL: `${urls.sandbox}/github/git`,
      };
    case "claude":
      return { ANTHROPIC_API_KEY: "sandbox-claude-key", ANTHROPIC_BASE_URL: `${urls.sandbox}/anthropic` };
    case "gcs":
      return { GCS_BUCKET: "peerbot-sandbox", GCS_API_ENDPOINT: urls.sandbox };
    default:
      return party satisfies never;
  }
}
