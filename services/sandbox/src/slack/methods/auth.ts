import { z } from "zod";
import { defineMethod } from "../method.ts";
import { SlackFailure } from "../slack-failure.ts";

const apiTest = defineMethod({
  name: "api.test",
  limit: "none",
  token: "none",
  args: z.looseObject({ error: z.string().optional() }),
  run({ error, ...args }) {
    if (error !== undefined) throw new SlackFailure(error, { args: { ...args, error } });
    return { args };
  },
});

const authTest = defineMethod({
  name: "auth.test",
  limit: "none",
  args: z.object({}),
  run(_args, { workspace, addresses }) {
    const { team, bot } = workspace.state;
    return {
      url: `${addresses.publicUrl()}/`,
      team: team.name,
      user: workspace.person(bot.userId)?.name,
      team_id: team.id,
      user_id: bot.userId,
      bot_id: bot.botId,
      is_enterprise_install: false,
    };
  },
});

const connectionsOpen = defineMethod({
  name: "apps.connections.open",
  limit: "none",
  token: "app",
  args: z.object({}),
  run(_args, { sockets, addresses }) {
    return { url: `${addresses.servicesUrl().replace(/^http/, "ws")}${sockets.issueTicket()}` };
  },
});

const botsInfo = defineMethod({
  name: "bots.info",
  limit: "tier-3",
  args: z.object({ bot: z.string().optional() }),
  run({ bot: asked }, { workspace }) {
    const { botId, appId, userId } = workspace.state.bot;
    if (asked !== undefined && asked !== botId) throw new SlackFailure("bot_not_found");
    const name = workspace.person(userId)?.realName;
    return { bot: { id: botId, deleted: false, name, updated: 0, app_id: appId, user_id: userId, icons: {} } };
  },
});

const teamInfo = defineMethod({
  name: "team.info",
  limit: "tier-3",
  args: z.object({}),
  run: (_args, { workspace }) => ({ team: { ...workspace.state.team, email_domain: "", icon: {} } }),
});

export const authMethods = [apiTest, authTest, connectionsOpen, botsInfo, teamInfo];
