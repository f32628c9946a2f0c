import { branchOf, SessionKey } from "@peerbot/contracts";
import type { Observation, ObservedThread, Violation } from "./observation.ts";
import { readRounds } from "./read-rounds.ts";
import { fileOf, WORDS, wordsIn } from "./request-text.ts";

type Push = Observation["pushes"][number];

/** What is wrong at the git host, in Redis and on this machine. */
export function findOutsideViolations(observation: Observation): Violation[] {
  return [
    ...pushViolations(observation),
    ...observation.threads.flatMap((thread) => workViolations(thread, observation)),
    ...leftoverViolations(observation),
    ...stopViolations(observation),
  ];
}

const NOT_THERE = "0".repeat(40);

function pushViolations({ pushes, threads }: Observation): Violation[] {
  const branches = new Set(threads.map(({ sessionKey }) => `refs/heads/${branchNameOf(sessionKey)}`));
  const byRef = Map.groupBy(pushes, ({ owner, repo, ref }) => `${owner}/${repo} ${ref}`);
  return [...byRef].flatMap(([where, chain]): Violation[] => {
    const [first] = chain;
    if (first !== undefined && !branches.has(first.ref)) {
      return [{ promise: "one-branch", where, evidence: "no session has this branch" }];
    }
    return chainViolations(chain).map((evidence) => ({ promise: "pushed-once", where, evidence }));
  });
}

/** A branch is pushed forward commit by commit: each push goes on where the one before it ended. */
function chainViolations(chain: readonly Push[]): string[] {
  const seen = new Set<string>();
  return chain.flatMap((push, index) => {
    const problems: string[] = [];
    if (seen.has(push.new)) problems.push(`${push.new} was pushed twice`);
    seen.add(push.new);
    const before = chain[index - 1]?.new ?? NOT_THERE;
    if (push.old !== before) problems.push(`${push.new} was put on ${push.old}, not on ${before}`);
    return problems;
  });
}

/** Every answered request left its file, on one branch with one pull request. */
function workViolations(thread: ObservedThread, { pushes, pullRequests }: Observation): Violation[] {
  const branch = branchNameOf(thread.sessionKey);
  const where = `${thread.channel} ${thread.threadTs} (${thread.sessionKey})`;
  const found: Violation[] = [];
  const repositories = new Set(
    pushes.filter(({ ref }) => ref === `refs/heads/${branch}`).map(({ owner, repo }) => `${owner}/${repo}`),
  );
  if (repositories.size > 1) {
    found.push({ promise: "one-branch", where, evidence: `its branch is in ${[...repositories].join(" and ")}` });
  }
  const pulls = pullRequests.filter(({ head }) => head === branch);
  if (pulls.length > 1) {
    const numbers = pulls.map(({ repository, number }) => `${repository}#${number}`).join(", ");
    found.push({ promise: "one-pull-request", where, evidence: `there are ${numbers}` });
  }
  const done = answeredForGood(thread);
  if (done.length === 0) return found;
  if (repositories.size === 0) found.push({ promise: "one-branch", where, evidence: "nothing was pushed" });
  if (pulls.length === 0) {
    found.push({ promise: "one-pull-request", where, evidence: "there is none" });
  } else {
    const files = new Set(thread.files ?? []);
    const lost = done.filter((marker) => !files.has(fileOf(marker)));
    if (lost.length > 0) {
      found.push({ promise: "work-survives", where, evidence: `the branch lacks ${lost.map(fileOf).join(", ")}` });
    }
  }
  return found;
}

/**
 * Requests whose whole answer stands in a round that ended well. What was edited away need not survive a try that broke
 * off: the next one answers what it was edited to.
 */
function answeredForGood(thread: ObservedThread): string[] {
  const ended = readRounds(thread).filter(({ closing }) =>
    ["completed", "no-changes"].includes(closing?.outcome ?? ""),
  );
  const due = new Set(thread.asked.flatMap(({ marker, expectation }) => (expectation === "due" ? [marker] : [])));
  const answered = ended.flatMap(({ tries }) => [
    ...wholeAnswersIn(tries.slice(0, -1)).filter((marker) => due.has(marker)),
    ...wholeAnswersIn(tries.slice(-1)),
  ]);
  return [...new Set(answered)];
}

function wholeAnswersIn(tries: readonly string[]): string[] {
  return wordsIn(tries.join(" ")).flatMap(({ marker, number }) => (number === WORDS ? [marker] : []));
}

function leftoverViolations({ leftovers }: Observation): Violation[] {
  const kinds = Object.entries(leftovers) as [string, readonly string[]][];
  return kinds.flatMap(([kind, things]) =>
    things.map((thing) => ({ promise: "nothing-left-behind" as const, where: kind, evidence: thing })),
  );
}

function stopViolations({ overdueStops }: Observation): Violation[] {
  return overdueStops.map(({ replica, times }) => ({
    promise: "stops-in-time",
    where: replica,
    evidence: `had to be ended ${times} times because it did not stop within its grace time`,
  }));
}

function branchNameOf(sessionKey: string): string {
  return branchOf(SessionKey.parse(sessionKey));
}
