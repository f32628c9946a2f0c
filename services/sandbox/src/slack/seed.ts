import type { Conversation, Person, WorkspaceState } from "./model.ts";

const TEAM = { id: "T0SANDBOX1", name: "Sandbox", domain: "sandbox" };
const OTHER_TEAM = "T0PARTNER1";
const BOT = { userId: "U0PEERBOT1", botId: "B0PEERBOT1", appId: "A0PEERBOT1" };

function person(id: string, name: string, realName: string, more: Partial<Person> = {}): Person {
  return {
    id,
    team: TEAM.id,
    name,
    realName,
    displayName: name,
    email: `${name}@sandbox.example`,
    isBot: false,
    ...more,
  };
}

/** A workspace nobody has written in yet: two people share the name "Ada Lovelace", one person belongs to another team. */
export function freshWorkspace(now: number): WorkspaceState {
  const people = [
    person("U0ADA00001", "ada", "Ada Lovelace"),
    person("U0GRACE001", "grace", "Grace Hopper"),
    person("U0LINUS001", "linus", "Linus Torvalds"),
    person("U0MARGARET", "margaret", "Margaret Hamilton"),
    // The same real and display name as ada: whoever names repositories after people must tell them apart.
    person("U0ADA00002", "ada2", "Ada Lovelace", { displayName: "ada" }),
    // Slack shows no e-mail address of people of other teams.
    person("U0ALAN0001", "alan", "Alan Turing (Partner)", { team: OTHER_TEAM, email: null }),
    person(BOT.userId, "peerbot", "Peerbot", { isBot: true, email: null }),
  ];
  const own = people.filter(({ team }) => team === TEAM.id).map(({ id }) => id);
  const channel = (id: string, name: string, more: Partial<Conversation> = {}): Conversation => ({
    id,
    name,
    kind: "channel",
    members: own,
    isShared: false,
    createdAt: now,
    ...more,
  });
  return {
    team: TEAM,
    bot: BOT,
    people,
    conversations: [
      channel("C0GENERAL1", "general"),
      channel("C0DEV00001", "dev"),
      channel("C0RANDOM01", "random"),
      channel("C0PARTNER1", "partners", { isShared: true, members: people.map(({ id }) => id) }),
      // The bot is no member here: calls answer not_in_channel until it joins.
      channel("C0PRIVATE1", "watercooler", { members: own.filter((id) => id !== BOT.userId) }),
      ...people
        .filter(({ isBot }) => !isBot)
        .map(({ id, name }) =>
          channel(`D${id.slice(1)}`, name, { kind: "im", members: [id, BOT.userId], isShared: name === "alan" }),
        ),
    ],
    messages: [],
    sessions: [],
    files: [],
    lastTs: 0,
  };
}
