import type { FastifyInstance } from "fastify";
import type { SlackStandIn } from "../slack/stand-in.ts";
import {
  type ChannelMessages,
  ChannelQuery,
  type Ledger,
  LedgerQuery,
  type Thread,
  ThreadQuery,
  type Views,
  ViewsQuery,
} from "./api.ts";
import { parseRequest } from "./control-problem.ts";
import { presentMessage, presentSession, presentState, presentView } from "./present.ts";
import { channelOf, messageOf, personOf } from "./resolve.ts";

/** What people see, and what was said over the wire. */
export function addReadRoutes(scope: FastifyInstance, slack: SlackStandIn): void {
  const { workspace, ledger, services } = slack;

  scope.get("/sandbox/state", async () => presentState(slack));

  scope.get("/sandbox/messages", async (request): Promise<ChannelMessages> => {
    const query = parseRequest(ChannelQuery, request.query);
    const { id: channel } = channelOf(query.channel, workspace);
    const hidden = workspace.ephemerals.filter((message) => message.channel === channel && message.threadTs === null);
    const messages = [...workspace.roots(channel), ...hidden].sort(byTime).slice(-query.limit);
    return { channel, messages: messages.map((message) => presentMessage(message, slack)) };
  });

  scope.get("/sandbox/thread", async (request): Promise<Thread> => {
    const query = parseRequest(ThreadQuery, request.query);
    const conversation = channelOf(query.channel, workspace);
    const asked = messageOf(conversation, query.ts, workspace);
    const threadTs = asked.threadTs ?? asked.ts;
    const channel = conversation.id;
    const root = workspace.message(channel, threadTs);
    const hidden = workspace.ephemerals.filter(
      (message) => message.channel === channel && message.threadTs === threadTs,
    );
    const replies = [...workspace.replies(channel, threadTs), ...hidden].sort(byTime);
    const session = workspace.session(channel, threadTs);
    return {
      channel,
      threadTs,
      session: session === undefined ? null : presentSession(session, slack),
      messages: [...(root === undefined ? [] : [root]), ...replies].map((message) => presentMessage(message, slack)),
    };
  });

  scope.get("/sandbox/views", async (request): Promise<Views> => {
    const { user } = parseRequest(ViewsQuery, request.query);
    const id = user === undefined ? undefined : personOf(user, workspace).id;
    const views = [...workspace.views.values()].filter((view) => id === undefined || view.user === id);
    return { views: views.map((view) => presentView(view)) };
  });

  scope.get("/sandbox/ledger", async (request): Promise<Ledger> => {
    const { channel, threadTs, method } = parseRequest(LedgerQuery, request.query);
    return ledger.read({ channel: channel && channelOf(channel, workspace).id, threadTs, method });
  });

  scope.get<{ Params: { id: string } }>("/sandbox/files/:id/:name", async (request, reply) => {
    const file = workspace.file(request.params.id);
    const bytes = await services.files.read(request.params.id);
    if (file === undefined || bytes === undefined)
      return reply.code(404).send({ ok: false, error: "there is no such file" });
    // Whatever somebody uploaded must not run as a page of this origin.
    return reply
      .header("content-disposition", "attachment")
      .header("x-content-type-options", "nosniff")
      .type(file.mimetype)
      .send(bytes);
  });

  /** Permalinks, as `chat.getPermalink` gives them out, lead to the page. */
  scope.get<{ Params: { channel: string; message: string } }>("/archives/:channel/:message", async (request, reply) => {
    const ts = request.params.message.replace(/^p(\d{10})(\d{6})$/, "$1.$2");
    const message = messageOf(channelOf(request.params.channel, workspace), ts, workspace);
    return reply.redirect(`/#/${message.channel}/${message.threadTs ?? message.ts}`);
  });
}

function byTime(a: { ts: string }, b: { ts: string }): number {
  return Number(a.ts) - Number(b.ts);
}
