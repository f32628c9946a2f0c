import type { Notice, WorkerSize } from "@peerbot/contracts";
import type { Delivery } from "./delivery.ts";

/** Who may use Peerbot, where, and with how much text. An empty allow list means everybody, or everywhere. */
export interface AdmissionPolicy {
  allowedUsers: readonly string[];
  deniedUsers: readonly string[];
  /** May also press the buttons of sessions that are not theirs. */
  adminUsers: readonly string[];
  allowedChannels: readonly string[];
  deniedChannels: readonly string[];
  allowDirectMessages: boolean;
  allowExternalUsers: boolean;
  promptMaxCharacters: number;
  /** What people may ask for. */
  allowedSizes: readonly WorkerSize[];
  allowDocker: boolean;
}

/** Why the delivery may not be taken; `undefined` when it may. Denying wins over allowing. */
export function admit(delivery: Delivery, policy: AdmissionPolicy): Notice["reason"] | undefined {
  const { user, isExternal, isDirect, thread } = delivery;
  if (isExternal && !policy.allowExternalUsers) return "external-user";
  if (policy.deniedUsers.includes(user)) return "user-not-allowed";
  if (!allows([...policy.allowedUsers, ...(policy.allowedUsers.length > 0 ? policy.adminUsers : [])], user)) {
    return "user-not-allowed";
  }
  if (policy.deniedChannels.includes(thread.channel)) return "channel-not-allowed";
  if (isDirect ? !policy.allowDirectMessages : !allows(policy.allowedChannels, thread.channel)) {
    return "channel-not-allowed";
  }
  if (delivery.kind !== "pressed" && charactersIn(delivery.text) > policy.promptMaxCharacters) return "prompt-too-long";
  return undefined;
}

function allows(list: readonly string[], id: string): boolean {
  return list.length === 0 || list.includes(id);
}

/** As people count: an emoji outside the basic plane is one. */
function charactersIn(text: string): number {
  let count = 0;
  for (const _character of text) count += 1;
  return count;
}
