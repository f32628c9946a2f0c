import type { Setting } from "./describe-setting.ts";
import type { ServiceSettings } from "./read-settings.ts";

/** `docs/configuration.md`: one table of what several services read, then one for each service. */
export function configurationPage(services: readonly ServiceSettings[]): string {
  const uses = usesOf(services);
  const shared = uses.filter(({ users }) => users.length > 1);
  const sections = services.map(({ service }) => {
    const own = uses.filter(({ users }) => users.length === 1 && users[0] === service);
    return own.length === 0 ? `## ${service}\n\nOnly shared settings.\n` : `## ${service}\n\n${table(own, false)}`;
  });
  return `${[HEADER, `## Shared by several services\n\n${table(shared, true)}`, ...sections].join("\n")}`;
}

const HEADER = `# Configuration

Every setting is an environment variable, read once when a service starts. An empty variable counts as unset. Wrong or
missing settings stop the service with exit code 78 and all mistakes listed at once. For \`npm run dev\` they stand in
the file \`.env\`; what is unset there is replaced by the local stand-ins.

Secrets are marked 🔒; they never appear in logs. This page is written by \`npm run docs\` from the schemas in
\`services/*/src/config.ts\`.
`;

interface Use {
  setting: Setting;
  users: string[];
}

/** Settings that mean the same in several services once, with all their users. */
function usesOf(services: readonly ServiceSettings[]): Use[] {
  const uses = new Map<string, Use>();
  for (const { service, settings } of services) {
    for (const setting of settings) {
      const identity = JSON.stringify(setting);
      const use = uses.get(identity) ?? { setting, users: [] };
      use.users.push(service);
      uses.set(identity, use);
    }
  }
  return [...uses.values()];
}

function table(uses: readonly Use[], withUsers: boolean): string {
  const head = ["Setting", "Meaning", "Default", ...(withUsers ? ["Read by"] : [])];
  const rows = uses.map(({ setting, users }) => [
    `\`${setting.name}\`${setting.isSecret ? " 🔒" : ""}`,
    setting.description.replaceAll("|", "\\|").replaceAll(/\s+/g, " "),
    defaultOf(setting),
    ...(withUsers ? [users.join(", ")] : []),
  ]);
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return `${lines.join("\n")}\n`;
}

function defaultOf({ defaultValue, isRequired }: Setting): string {
  if (defaultValue !== undefined) return defaultValue === "" ? "empty" : `\`${defaultValue}\``;
  return isRequired ? "**required**" : "–";
}
