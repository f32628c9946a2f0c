import { optionOf, RunOptions } from "@peerbot/contracts";
import type { z } from "zod";

/** Options of runs in a channel, by its id. */
export type ChannelOptions = ReadonlyMap<string, RunOptions>;

/** Reads `C123:size=large,docker=on;C456:docker=on`. Every mistake is told through `context`. */
export function parseChannelOptions(text: string, context: z.RefinementCtx<string>): ChannelOptions {
  const tell = (message: string) => context.addIssue({ code: "custom", message });
  const channels = new Map<string, RunOptions>();
  for (const entry of text.split(";").map((each) => each.trim())) {
    if (entry === "") continue;
    const [, channel = "", words = ""] = /^([A-Z][A-Z0-9]+):(.*)$/.exec(entry) ?? [];
    if (channel === "") tell(`"${entry}" does not look like C123:size=large,docker=on`);
    else if (channels.has(channel)) tell(`${channel} is there twice`);
    else
      channels.set(
        channel,
        parseOptions(words, (message) => tell(`${channel}: ${message}`)),
      );
  }
  return channels;
}

function parseOptions(words: string, tell: (message: string) => void): RunOptions {
  const options: RunOptions = {};
  for (const word of words.split(",").map((each) => each.trim())) {
    const [name = "", value = "", ...rest] = word.split("=");
    const known = RunOptions.keyof().safeParse(name);
    const read = known.success && rest.length === 0 ? optionOf(known.data, value) : undefined;
    if (read === undefined) tell(`"${word}" is neither size=small|standard|large nor docker=on|off`);
    else if (known.success && options[known.data] !== undefined) tell(`${name} is there twice`);
    else Object.assign(options, read);
  }
  return options;
}
