import type { InboxEntry, RunOptions, WorkerSize } from "@peerbot/contracts";
import type { ChannelOptions } from "./channel-options.ts";

/** What operators let people choose, and what they chose themselves. */
export interface OptionSettings {
  allowedSizes: readonly WorkerSize[];
  allowDocker: boolean;
  /** What holds in a channel until somebody there asks for something else. */
  byChannel: ChannelOptions;
}

/** What a run is given, from all its session was ever told: each option as it was asked for last, else the channel's. */
export function optionsOfRun(
  entries: readonly InboxEntry[],
  channel: string,
  { allowedSizes, allowDocker, byChannel }: OptionSettings,
): RunOptions {
  const { size, docker } = askedOptions(entries);
  // What was allowed when it was asked for need not be any more.
  const isSizeAllowed = size !== undefined && allowedSizes.includes(size);
  const chosen = { ...byChannel.get(channel), ...(isSizeAllowed ? { size } : {}) };
  const withDocker = allowDocker && (docker ?? chosen.docker ?? false);
  return { ...(chosen.size === undefined ? {} : { size: chosen.size }), ...(withDocker ? { docker: true } : {}) };
}

/** An edit stands in for what the message said before, at the message's place. */
function askedOptions(entries: readonly InboxEntry[]): RunOptions {
  const byMessage = new Map<string, RunOptions>();
  for (const { message } of entries) {
    if (message.kind === "said") byMessage.set(message.id, message.options ?? {});
    if (message.kind === "edited") byMessage.set(message.edits, message.options ?? {});
  }
  return Object.assign({}, ...byMessage.values());
}
