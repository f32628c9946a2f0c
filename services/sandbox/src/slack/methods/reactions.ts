import { z } from "zod";
import { reactionChanged } from "../events.ts";
import { defineMethod } from "../method.ts";
import type { Message } from "../model.ts";
import { addReaction, removeReaction } from "../reactions.ts";
import type { SlackServices } from "../services.ts";
import { wireMessage } from "../wire-message.ts";

const target = { channel: z.string(), timestamp: z.string() };

const add = defineMethod({
  name: "reactions.add",
  limit: "tier-3",
  args: z.object({ name: z.string(), ...target }),
  run(args, services) {
    const { workspace, dispatch } = services;
    const user = workspace.state.bot.userId;
    const message = targetOf(args, services);
    workspace.change(message, "reaction", { reactions: addReaction(message.reactions, { name: args.name, user }) });
    dispatch.tell(reactionChanged(message, { user, name: args.name, isAdded: true }, workspace));
    return {};
  },
});

const remove = defineMethod({
  name: "reactions.remove",
  limit: "tier-2",
  args: z.object({ name: z.string(), ...target }),
  run(args, services) {
    const { workspace, dispatch } = services;
    const user = workspace.state.bot.userId;
    const message = targetOf(args, services);
    workspace.change(message, "reaction", { reactions: removeReaction(message.reactions, { name: args.name, user }) });
    dispatch.tell(reactionChanged(message, { user, name: args.name, isAdded: false }, workspace));
    return {};
  },
});

const get = defineMethod({
  name: "reactions.get",
  limit: "tier-3",
  args: z.object(target),
  run(args, services) {
    const message = targetOf(args, services);
    return { type: "message", channel: message.channel, message: wireMessage(message, services) };
  },
});

function targetOf(
  { channel, timestamp }: { channel: string; timestamp: string },
  { workspace }: SlackServices,
): Message {
  return workspace.mustBeMessage(workspace.conversationOfBot(channel).id, timestamp);
}

export const reactionMethods = [add, remove, get];
