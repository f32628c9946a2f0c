import type { Conversation, Message, Person } from "../slack/model.ts";
import type { Directory } from "../slack/wire-text.ts";
import type { Workspace } from "../slack/workspace.ts";
import { ControlProblem } from "./control-problem.ts";

/** By id or handle. @throws ControlProblem when there is nobody, or for the bot */
export function personOf(name: string, workspace: Workspace): Person {
  const handle = name.replace(/^@/, "").toLowerCase();
  const person = workspace.person(name) ?? workspace.state.people.find((candidate) => candidate.name === handle);
  const known = workspace.state.people.filter(({ isBot }) => !isBot).map((each) => each.name);
  if (person === undefined) throw new ControlProblem(`there is no user ${name}; there are ${known.join(", ")}`);
  if (person.isBot) throw new ControlProblem(`${name} is the app itself; act as one of ${known.join(", ")}`);
  return person;
}

/** By id, name, `#name`, or `@name` for the direct messages of that person; `@peerbot` for the caller's own. */
export function channelOf(name: string, workspace: Workspace, caller?: Person): Conversation {
  const byId = workspace.conversation(name);
  if (byId !== undefined) return byId;
  if (name.startsWith("@")) return directMessageOf(name, workspace, caller);
  const plain = name.replace(/^#/, "").toLowerCase();
  const channels = workspace.state.conversations.filter(({ kind }) => kind === "channel");
  const found = channels.find((channel) => channel.name === plain);
  if (found !== undefined) return found;
  const names = channels.map((channel) => `#${channel.name}`).join(", ");
  throw new ControlProblem(`there is no channel ${name}; there are ${names}, and @peerbot for direct messages`);
}

function directMessageOf(name: string, workspace: Workspace, caller: Person | undefined): Conversation {
  const isBot = workspace.state.people.some((person) => person.isBot && `@${person.name}` === name.toLowerCase());
  const person = isBot && caller !== undefined ? caller : personOf(name, workspace);
  const found = workspace.directMessage(person.id);
  if (found === undefined) throw new ControlProblem(`${name} has no direct messages with the app`);
  return found;
}

/** A person and a channel that person can see. @throws ControlProblem */
export function placeOf(
  { user, channel }: { user: string; channel: string },
  workspace: Workspace,
): { person: Person; conversation: Conversation } {
  const person = personOf(user, workspace);
  const conversation = channelOf(channel, workspace, person);
  if (!conversation.members.includes(person.id)) {
    throw new ControlProblem(`${person.name} is not a member of ${conversation.name}`);
  }
  return { person, conversation };
}

/** @throws ControlProblem */
export function messageOf(conversation: Conversation, ts: string, workspace: Workspace): Message {
  const message = workspace.message(conversation.id, ts);
  if (message === undefined) throw new ControlProblem(`there is no message ${ts} in ${conversation.name}`);
  return message;
}

/** What @ and # mean when typed in this workspace. */
export function directoryOf(workspace: Workspace): Directory {
  return {
    userNamed: (name) => workspace.state.people.find((person) => person.name === name)?.id,
    channelNamed: (name) =>
      workspace.state.conversations.find((channel) => channel.kind === "channel" && channel.name === name)?.id,
  };
}
