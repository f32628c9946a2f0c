import type { FastifyInstance, FastifyRequest } from "fastify";
import type { SlackStandIn } from "../slack/stand-in.ts";
import { StreamQuery } from "./api.ts";
import type { ChangeLog, LogEntry } from "./change-log.ts";
import { ControlProblem, parseRequest } from "./control-problem.ts";
import { channelOf } from "./resolve.ts";

const HEARTBEAT_MS = 15_000;

/** `GET /sandbox/stream`: every change as server-sent events; see `StreamItem`. */
export function addStreamRoute(
  scope: FastifyInstance,
  { slack, changes }: { slack: SlackStandIn; changes: ChangeLog },
): void {
  const open = new Set<() => void>();
  scope.addHook("preClose", async () => {
    for (const end of open) end();
  });

  scope.get("/sandbox/stream", async (request, reply) => {
    const { isWanted, lastId } = readQuery(request, slack);
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no" });
    raw.write(": connected\n\n");
    const send = (entry: LogEntry) => {
      if (isWanted(entry)) raw.write(`id: ${entry.id}\ndata: ${JSON.stringify(entry.item)}\n\n`);
    };
    if (lastId !== undefined) {
      const missed = changes.since(lastId);
      if (missed === undefined) raw.write(`data: ${JSON.stringify({ type: "reset" })}\n\n`);
      for (const entry of missed ?? []) send(entry);
    }
    const unfollow = changes.follow(send);
    const heartbeat = setInterval(() => raw.write(": still here\n\n"), HEARTBEAT_MS);
    heartbeat.unref();
    const end = () => {
      open.delete(end);
      clearInterval(heartbeat);
      unfollow();
      raw.end();
    };
    open.add(end);
    raw.once("close", end);
    return reply;
  });
}

function readQuery(request: FastifyRequest, { workspace }: SlackStandIn) {
  const query = parseRequest(StreamQuery, request.query);
  if (query.threadTs !== undefined && query.channel === undefined)
    throw new ControlProblem("threadTs: needs channel as well");
  const channel = query.channel === undefined ? undefined : channelOf(query.channel, workspace).id;
  const header = request.headers["last-event-id"];
  return {
    lastId: typeof header === "string" ? header : query.lastEventId,
    isWanted: (entry: LogEntry) =>
      (channel === undefined || entry.channel === channel) &&
      (query.threadTs === undefined || entry.threadTs === query.threadTs),
  };
}
