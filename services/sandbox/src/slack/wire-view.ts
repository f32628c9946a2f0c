import type { View } from "./model.ts";
import type { Workspace } from "./workspace.ts";

/** The view as Slack's API and interactions show it; `values` is what the user has put into its inputs. */
export function wireView({ id, hash, body }: View, workspace: Workspace, values: Record<string, unknown> = {}) {
  const { team, bot } = workspace.state;
  return {
    private_metadata: "",
    callback_id: "",
    clear_on_close: false,
    notify_on_close: false,
    close: null,
    submit: null,
    previous_view_id: null,
    external_id: "",
    ...body,
    id,
    hash,
    team_id: team.id,
    app_id: bot.appId,
    app_installed_team_id: team.id,
    bot_id: bot.botId,
    root_view_id: id,
    blocks: body.blocks.map((block, index) => ({ ...block, block_id: block.block_id ?? `b${index}` })),
    state: { values },
  };
}
