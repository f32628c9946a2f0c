import type { PushRequest } from "./push-request.ts";

/** Why a push of a run may not reach the host, in words for whoever reads git's output; undefined when it may. */
export function objectionTo({ updates, isSigned, hasOptions }: PushRequest, branch: string): string | undefined {
  const allowed = `refs/heads/${branch}`;
  if (isSigned) return "signed pushes are not taken here";
  if (hasOptions) return "push options are not taken here";
  if (updates.length !== 1) return `push one branch at a time, ${branch}`;
  const [update] = updates;
  if (update?.ref !== allowed) return `this session may push to ${branch} only`;
  if (/^0+$/.test(update.newId)) return "a session does not delete its branch";
  return undefined;
}
