import { z } from "zod";
import { boolean, integer } from "../arguments.ts";
import { type Answer, defineMethod } from "../method.ts";
import type { Person } from "../model.ts";
import { paginate } from "../paginate.ts";
import { SlackFailure } from "../slack-failure.ts";
import type { Workspace } from "../workspace.ts";

const info = defineMethod({
  name: "users.info",
  limit: "tier-4",
  args: z.object({ user: z.string(), include_locale: boolean().optional() }),
  run: ({ user }, { workspace }) => ({ user: wirePerson(workspace.mustBePerson(user), workspace) }),
});

const list = defineMethod({
  name: "users.list",
  limit: "tier-2",
  args: z.object({ cursor: z.string().optional(), limit: integer().optional() }),
  run(args, { workspace }) {
    const { items, next } = paginate(workspace.state.people, { cursor: args.cursor, limit: args.limit ?? 200 });
    return {
      members: items.map((person) => wirePerson(person, workspace)),
      cache_ts: Math.floor(workspace.now() / 1000),
      response_metadata: { next_cursor: next },
    };
  },
});

const lookupByEmail = defineMethod({
  name: "users.lookupByEmail",
  limit: "tier-3",
  args: z.object({ email: z.string() }),
  run({ email }, { workspace }) {
    const person = workspace.state.people.find((candidate) => candidate.email === email);
    if (person === undefined) throw new SlackFailure("users_not_found");
    return { user: wirePerson(person, workspace) };
  },
});

function wirePerson(person: Person, workspace: Workspace): Answer {
  const isExternal = person.team !== workspace.state.team.id;
  return {
    id: person.id,
    team_id: person.team,
    name: person.name,
    real_name: person.realName,
    deleted: false,
    is_bot: person.isBot,
    is_app_user: false,
    is_admin: false,
    is_owner: false,
    is_restricted: false,
    is_ultra_restricted: false,
    ...(isExternal ? { is_stranger: true } : {}),
    tz: "Europe/London",
    tz_offset: 0,
    updated: 0,
    profile: {
      real_name: person.realName,
      real_name_normalized: person.realName,
      display_name: person.displayName,
      display_name_normalized: person.displayName,
      team: person.team,
      ...(person.email === null ? {} : { email: person.email }),
      ...(person.isBot ? { bot_id: workspace.state.bot.botId, api_app_id: workspace.state.bot.appId } : {}),
    },
  };
}

export const userMethods = [info, list, lookupByEmail];
