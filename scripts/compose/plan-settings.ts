import { outsideSettings, pickSettings, standInsBeside } from "../stack/outside-settings.ts";
import { isSet, OUTSIDE_PARTIES, type OutsideParty, type Settings } from "../stack/outside-world.ts";
import { SERVICE_NAMES } from "../stack/service-names.ts";
import type { StackSecrets } from "../stack/stack-secrets.ts";

/** The services of docker-compose.yml that have settings. */
export const CONTAINER_NAMES = [...SERVICE_NAMES, "docker-proxy"] as const;
export type ContainerName = (typeof CONTAINER_NAMES)[number];

export interface SettingsRequest {
  /** What the operator set. */
  settings: Settings;
  /** Whom the settings make real (`chooseOutsideWorld`). */
  real: readonly OutsideParty[];
  /** The variables each service reads, from its schema: it is given no others. */
  variables: Readonly<Record<ContainerName, readonly string[]>>;
  secrets: StackSecrets;
}

export interface SettingsPlan {
  /** What each service is told beside what docker-compose.yml tells it, which prevails. */
  settings: Readonly<Record<ContainerName, Readonly<Record<string, string>>>>;
  /** Played by the sandbox. */
  standIns: readonly OutsideParty[];
}

/** Names and ports of the services in docker-compose.yml. */
const URLS = { sandbox: "http://sandbox:3100", ingress: "http://ingress:3000" };

/** Where docker-compose.yml puts what the gateway is to find in a file or folder. */
export const GOOGLE_CREDENTIALS_FILE = "/run/google-credentials.json";
export const CONVERSATION_DIRECTORY = "/conversations";

/** An image has its own. */
const OF_THE_IMAGE = ["PATH"];

/** What services that run in containers are told of the outside world, by the same rules as on a developer's machine. */
export function planSettings({ settings, real, variables, secrets }: SettingsRequest): SettingsPlan {
  const standIns = standInsBeside(real, settings);
  const options = { settings, urls: URLS, secrets };
  const outside = outsideSettings({ ...options, standIns });
  const shared: Settings = {
    ...outside,
    ...(isSet(settings, "CONVERSATION_DIRECTORY") ? { CONVERSATION_DIRECTORY } : {}),
    TOKEN_SECRET: secrets.tokenSecret,
    BULL_BOARD_PASSWORD: secrets.bullBoardPassword,
  };
  // The sandbox plays everybody or nobody: it never learns what opens a real door.
  const played = outsideSettings({ ...options, standIns: OUTSIDE_PARTIES });
  const told = (name: ContainerName, values: Settings) =>
    pickSettings(
      values,
      variables[name].filter((variable) => !OF_THE_IMAGE.includes(variable)),
    );
  return {
    standIns,
    settings: {
      ingress: told("ingress", shared),
      launcher: told("launcher", shared),
      gateway: { ...told("gateway", shared), ...googleCredentials(real, settings) },
      streamer: told("streamer", shared),
      "docker-proxy": told("docker-proxy", shared),
      sandbox: told("sandbox", played),
    },
  };
}

/** The Cloud Storage library finds its credentials by itself, through this variable; only the gateway uses it. */
function googleCredentials(real: readonly OutsideParty[], settings: Settings): Record<string, string> {
  const isNeeded = real.includes("gcs") && isSet(settings, "GOOGLE_APPLICATION_CREDENTIALS");
  return isNeeded ? { GOOGLE_APPLICATION_CREDENTIALS: GOOGLE_CREDENTIALS_FILE } : {};
}
