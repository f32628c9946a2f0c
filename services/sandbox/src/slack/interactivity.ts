import { randomBytes } from "node:crypto";
import type { Dispatch, Interaction } from "./dispatch.ts";
import type { Message, View } from "./model.ts";
import type { Addresses } from "./services.ts";
import { SlackFailure } from "./slack-failure.ts";
import { wireMessage } from "./wire-message.ts";
import { wireView } from "./wire-view.ts";
import type { Workspace } from "./workspace.ts";

type Wire = Record<string, unknown>;

const RESPONSE_URL_MS = 30 * 60_000;
const RESPONSE_URL_USES = 5;

/** What a response_url answers about. */
export interface ResponseTicket {
  user: string;
  channel: string;
  /** The message that was clicked; null for commands. */
  messageTs: string | null;
  threadTs: string | null;
  expiresAt: number;
  usesLeft: number;
}

export interface InteractivityOptions {
  workspace: Workspace;
  dispatch: Dispatch;
  addresses: Addresses;
  /** How long a trigger may be exchanged for a view, in milliseconds; Slack gives 3 s. */
  triggerLifetimeMs: number;
}

/** What people do with buttons, menus, views and commands, as payloads to the app. */
export interface Interactivity {
  actOn(message: Message, act: { user: string; action: Wire; state: Wire }): ReturnType<Dispatch["interact"]>;
  actInView(view: View, act: { user: string; action: Wire }): ReturnType<Dispatch["interact"]>;
  suggest(message: Message, act: { user: string; action: Wire; query: string }): ReturnType<Dispatch["interact"]>;
  submit(view: View, values: Record<string, Wire>): ReturnType<Dispatch["interact"]>;
  close(view: View): ReturnType<Dispatch["interact"]>;
  command(act: { user: string; channel: string; command: string; text: string }): ReturnType<Dispatch["interact"]>;
  /** The user a trigger belongs to; a trigger works once. @throws SlackFailure invalid_trigger_id, expired_trigger_id, exchanged_trigger_id */
  exchangeTrigger(id: string): string;
  /** Uses a response_url once; undefined when it is unknown, expired or used up. */
  useResponseUrl(id: string): ResponseTicket | undefined;
}

export function createInteractivity(options: InteractivityOptions): Interactivity {
  const { workspace, dispatch, addresses, triggerLifetimeMs } = options;
  const triggers = new Map<string, { user: string; expiresAt: number; isUsed: boolean }>();
  const tickets = new Map<string, ResponseTicket>();

  const newTrigger = (user: string): string => {
    const id = `${workspace.now()}.${randomBytes(4).readUInt32BE()}.${randomBytes(16).toString("hex")}`;
    triggers.set(id, { user, expiresAt: workspace.now() + triggerLifetimeMs, isUsed: false });
    return id;
  };
  const newResponseUrl = (ticket: Omit<ResponseTicket, "expiresAt" | "usesLeft">): string => {
    const id = randomBytes(16).toString("hex");
    tickets.set(id, { ...ticket, expiresAt: workspace.now() + RESPONSE_URL_MS, usesLeft: RESPONSE_URL_USES });
    return `${addresses.servicesUrl()}/slack/response/${id}`;
  };
  const placeOf = ({ user, channel, ts, threadTs }: Message & { user: string }) => ({
    user,
    channel,
    messageTs: ts,
    threadTs,
  });
  const push = (payload: Wire, about: Interaction) =>
    dispatch.interact({ kind: "interactive", payload: { ...common(workspace), ...payload } }, about);

  return {
    actOn(message, { user, action, state }) {
      const isHidden = message.ephemeralTo !== null;
      const container = {
        type: "message",
        message_ts: message.ts,
        channel_id: message.channel,
        is_ephemeral: isHidden,
        ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
      };
      const payload = {
        type: "block_actions",
        user: wireUser(user, workspace),
        container,
        trigger_id: newTrigger(user),
        channel: wireChannel(message.channel, workspace),
        // Slack leaves the message out when only its reader can see it.
        ...(isHidden ? {} : { message: wireMessage(message, { workspace, addresses }) }),
        state: { values: state },
        response_url: newResponseUrl(placeOf({ ...message, user })),
        actions: [action],
      };
      return push(payload, aboutMessage("block_actions", message));
    },
    actInView(view, { user, action }) {
      const payload = {
        type: "block_actions",
        user: wireUser(user, workspace),
        container: { type: "view", view_id: view.id },
        trigger_id: newTrigger(user),
        view: wireView(view, workspace),
        actions: [action],
      };
      return push(payload, nowhere("block_actions"));
    },
    suggest(message, { user, action, query }) {
      const payload = {
        type: "block_suggestion",
        user: wireUser(user, workspace),
        container: { type: "message", message_ts: message.ts, channel_id: message.channel, is_ephemeral: false },
        channel: wireChannel(message.channel, workspace),
        message: wireMessage(message, { workspace, addresses }),
        action_id: action.action_id,
        block_id: action.block_id,
        value: query,
      };
      return push(payload, aboutMessage("block_suggestion", message));
    },
    submit(view, values) {
      const payload = {
        type: "view_submission",
        user: wireUser(view.user, workspace),
        trigger_id: newTrigger(view.user),
        view: wireView(view, workspace, values),
        response_urls: [],
      };
      return push(payload, nowhere("view_submission"));
    },
    close(view) {
      const user = wireUser(view.user, workspace);
      const payload = { type: "view_closed", user, view: wireView(view, workspace), is_cleared: false };
      return push(payload, nowhere("view_closed"));
    },
    command({ user, channel, command, text }) {
      const { team, bot } = workspace.state;
      const payload = {
        token: "sandbox-verification-token",
        team_id: team.id,
        team_domain: team.domain,
        channel_id: channel,
        channel_name:
          workspace.conversation(channel)?.kind === "im" ? "directmessage" : workspace.conversation(channel)?.name,
        user_id: user,
        user_name: workspace.person(user)?.name,
        command,
        text,
        api_app_id: bot.appId,
        is_enterprise_install: "false",
        response_url: newResponseUrl({ user, channel, messageTs: null, threadTs: null }),
        trigger_id: newTrigger(user),
      };
      return dispatch.interact(
        { kind: "slash_commands", payload },
        { label: "slash_command", channel, threadTs: null },
      );
    },
    exchangeTrigger(id) {
      const trigger = triggers.get(id);
      if (trigger === undefined) throw new SlackFailure("invalid_trigger_id");
      if (trigger.isUsed) throw new SlackFailure("exchanged_trigger_id");
      if (trigger.expiresAt < workspace.now()) throw new SlackFailure("expired_trigger_id");
      trigger.isUsed = true;
      return trigger.user;
    },
    useResponseUrl(id) {
      const ticket = tickets.get(id);
      if (ticket === undefined || ticket.expiresAt < workspace.now() || ticket.usesLeft < 1) return undefined;
      ticket.usesLeft -= 1;
      return ticket;
    },
  };
}

function common(workspace: Workspace): Wire {
  const { team, bot } = workspace.state;
  return {
    team: { id: team.id, domain: team.domain },
    enterprise: null,
    is_enterprise_install: false,
    api_app_id: bot.appId,
    token: "sandbox-verification-token",
  };
}

function wireUser(id: string, workspace: Workspace): Wire {
  const person = workspace.person(id);
  return { id, username: person?.name, name: person?.name, team_id: person?.team };
}

function wireChannel(id: string, workspace: Workspace): Wire {
  const conversation = workspace.conversation(id);
  return { id, name: conversation?.kind === "im" ? "directmessage" : conversation?.name };
}

function aboutMessage(label: string, { channel, ts, threadTs }: Message): Interaction {
  return { label, channel, threadTs: threadTs ?? ts };
}

function nowhere(label: string): Interaction {
  return { label, channel: null, threadTs: null };
}
