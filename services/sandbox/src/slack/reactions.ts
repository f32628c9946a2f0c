import type { Message } from "./model.ts";
import { SlackFailure } from "./slack-failure.ts";

type Reactions = Message["reactions"];

/** @throws SlackFailure invalid_name, already_reacted */
export function addReaction(reactions: Reactions, { name, user }: { name: string; user: string }): Reactions {
  if (!/^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/.test(name)) throw new SlackFailure("invalid_name");
  const known = reactions.find((reaction) => reaction.name === name);
  if (known === undefined) return [...reactions, { name, users: [user] }];
  if (known.users.includes(user)) throw new SlackFailure("already_reacted");
  return reactions.map((reaction) => (reaction === known ? { name, users: [...known.users, user] } : reaction));
}

/** @throws SlackFailure no_reaction */
export function removeReaction(reactions: Reactions, { name, user }: { name: string; user: string }): Reactions {
  const known = reactions.find((reaction) => reaction.name === name);
  if (known === undefined || !known.users.includes(user)) throw new SlackFailure("no_reaction");
  return reactions
    .map((reaction) => (reaction === known ? { name, users: known.users.filter((each) => each !== user) } : reaction))
    .filter(({ users }) => users.length > 0);
}
