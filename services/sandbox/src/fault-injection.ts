import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** What happens to a request instead of its ordinary answer. */
export type Fault = FaultKind & {
  /** How many requests it befalls; 1 unless told. */
  count?: number;
  /** Only requests whose `METHOD /path?query` matches. */
  match?: RegExp;
};

export type FaultKind =
  /** Answered with this status at once, without any effect. `body` defaults to the vendor's own error body. */
  | { status: number; headers?: Record<string, string>; body?: unknown }
  /** Never answered, without any effect; the connection stays open, or is cut after this many milliseconds. */
  | { timeout: true; cutAfterMs?: number }
  /** The connection breaks at once, without any effect. */
  | { disconnect: true }
  /** Takes effect, but the connection breaks before the answer. */
  | { afterEffect: true };

export interface RequestRecord {
  method: string;
  /** Path and query. */
  url: string;
  /** Undefined as long as nothing was answered, and for good when a fault swallowed the answer. */
  status: number | undefined;
  /** Milliseconds since 1970. */
  at: number;
}

export interface Faults {
  /** Faults are used up in the order they were given; a request meets at most one. */
  failNext(fault: Fault): void;
  /** How many requests are still to fail. */
  pending(): number;
  clear(): void;
}

export interface FaultInjection {
  faults: Faults;
  /** Everything that was asked, oldest first. */
  requests: RequestRecord[];
  /** Whether the answer of this request will be lost after its effect. */
  losesAnswer(request: FastifyRequest): boolean;
}

/** Adds a ledger of requests and a way to make them fail to the routes of one (encapsulated) plugin. */
export function injectFaults(scope: FastifyInstance, errorBodyOf: (status: number) => unknown): FaultInjection {
  const pending: Array<{ fault: Fault; left: number }> = [];
  const requests: RequestRecord[] = [];
  const records = new WeakMap<FastifyRequest, RequestRecord>();
  const losing = new WeakSet<FastifyRequest>();
  const hanging = new Set<FastifyRequest>();

  scope.addHook("onRequest", async (request, reply) => {
    const record: RequestRecord = { method: request.method, url: request.url, status: undefined, at: Date.now() };
    requests.push(record);
    records.set(request, record);
    const fault = takeFault(pending, `${request.method} ${request.url}`);
    if (fault === undefined) return;
    if ("afterEffect" in fault) {
      losing.add(request);
    } else if ("timeout" in fault) {
      hang(request, reply, hanging);
      if (fault.cutAfterMs !== undefined) cutLater(request, fault.cutAfterMs);
      return reply;
    } else if ("disconnect" in fault) {
      reply.hijack();
      request.raw.socket.destroy();
      return reply;
    } else {
      return reply
        .code(fault.status)
        .headers(fault.headers ?? {})
        .send(fault.body ?? errorBodyOf(fault.status));
    }
  });

  scope.addHook("onSend", async (request, reply, payload) => {
    const record = records.get(request);
    if (losing.has(request)) request.raw.socket.destroy();
    else if (record !== undefined) record.status = reply.statusCode;
    return payload;
  });

  scope.addHook("preClose", async () => {
    for (const request of hanging) request.raw.socket.destroy();
  });

  return {
    requests,
    losesAnswer: (request) => losing.has(request),
    faults: {
      failNext: (fault) => void pending.push({ fault, left: fault.count ?? 1 }),
      pending: () => pending.reduce((sum, { left }) => sum + left, 0),
      clear: () => void pending.splice(0),
    },
  };
}

function takeFault(pending: Array<{ fault: Fault; left: number }>, line: string): Fault | undefined {
  const found = pending.find(({ fault }) => fault.match?.test(line) ?? true);
  if (found === undefined) return undefined;
  found.left -= 1;
  if (found.left <= 0) pending.splice(pending.indexOf(found), 1);
  return found.fault;
}

function cutLater({ raw: { socket } }: FastifyRequest, milliseconds: number): void {
  const timer = setTimeout(() => socket.destroy(), milliseconds);
  socket.once("close", () => clearTimeout(timer));
}

function hang(request: FastifyRequest, reply: FastifyReply, hanging: Set<FastifyRequest>): void {
  reply.hijack();
  hanging.add(request);
  request.raw.socket.once("close", () => hanging.delete(request));
}
