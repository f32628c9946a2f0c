import type { OutsideParty } from "./outside-world.ts";
import type { StackPlan } from "./plan-stack.ts";

const NAMES: Readonly<Record<OutsideParty, string>> = {
  slack: "Slack",
  github: "GitHub",
  claude: "Claude",
  gcs: "Cloud Storage",
};

/** What a person who started the stack wants to know: where things are and what is real. */
export function describeStack(plan: StackPlan): string {
  const { bullBoard, standIns, real } = plan;
  const rows: [string, string][] = [
    ["Queue", `${bullBoard.url}  (user ${bullBoard.user}, password ${bullBoard.password})`],
    ...plan.services.flatMap(({ name, metricsUrl }): [string, string][] =>
      metricsUrl === undefined ? [] : [[`Metrics, ${name}`, metricsUrl]],
    ),
    ["Played here", partyNames(standIns)],
    ["Real", partyNames(real)],
  ];
  if (plan.sandboxUrl !== undefined) rows.unshift(["Page", plan.sandboxUrl]);
  return [
    "Peerbot is ready.",
    "",
    ...rows.map(([name, value]) => `  ${name.padEnd(18)}${value}`),
    "",
    ...(standIns.includes("slack") ? ['  Try it:  npm run say -- "@peerbot create hello.txt saying hi"'] : []),
    "  Ctrl-C stops everything; r launcher and Enter restarts one service.",
  ].join("\n");
}

/** Parties as people call them, in a line. */
export function partyNames(parties: readonly OutsideParty[]): string {
  return parties.map((party) => NAMES[party]).join(", ") || "nothing";
}
