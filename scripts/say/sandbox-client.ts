import { messageOf } from "@peerbot/runtime";
import {
  ChannelMessages,
  ControlError,
  Ledger,
  ModelRequests,
  type PostMessage,
  PostMessageResult,
  SandboxState,
  StreamItem,
  Thread,
} from "@peerbot/sandbox/control";
import type { z } from "zod";
import { belongsToThread, isBeside, type ThreadId } from "./belongs-to-thread.ts";
import { readServerSentEvents } from "./server-sent-events.ts";

/** The sandbox did not answer. */
export class SandboxAwayError extends Error {}

/** The sandbox answered that it will not: an unknown user, channel or thread. */
export class SandboxRefusal extends Error {}

export type SandboxClient = ReturnType<typeof createSandboxClient>;

/** The part of the sandbox's control API that `say` uses. */
export function createSandboxClient(baseUrl: string) {
  async function request<Schema extends z.ZodType>(
    schema: Schema,
    path: string,
    options: RequestInit = {},
  ): Promise<z.infer<Schema>> {
    const response = await reach(`${baseUrl}/sandbox${path}`, options);
    const body: unknown = await response.json();
    if (response.ok) return schema.parse(body);
    const { data } = ControlError.safeParse(body);
    throw new SandboxRefusal(data?.error ?? `the sandbox answered ${response.status}`);
  }

  return {
    state: () => request(SandboxState, "/state", { signal: AbortSignal.timeout(5_000) }),
    post: (message: PostMessage) =>
      request(PostMessageResult, "/messages", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(message),
      }),
    async thread(id: ThreadId): Promise<z.infer<typeof Thread>> {
      const { channel, threadTs } = id;
      const [thread, { messages }] = await Promise.all([
        request(Thread, `/thread?${new URLSearchParams({ channel, ts: threadTs })}`),
        request(ChannelMessages, `/messages?${new URLSearchParams({ channel })}`),
      ]);
      return { ...thread, messages: [...thread.messages, ...messages.filter((message) => isBeside(message, id))] };
    },
    ledger: ({ channel, threadTs }: ThreadId) =>
      request(Ledger, `/ledger?${new URLSearchParams({ channel, threadTs })}`),
    /** When the session's requests reached the Claude stand-in, in milliseconds since 1970, earliest first. */
    async modelRequestTimes(sessionKey: string): Promise<number[]> {
      const { requests } = await request(ModelRequests, `/model-requests?${new URLSearchParams({ sessionKey })}`);
      return requests.map(({ at }) => at).sort((one, other) => one - other);
    },
    /** Changes of a thread, and beside it, from the moment this resolves. Ends when the connection does. */
    async follow(thread: ThreadId, signal: AbortSignal): Promise<AsyncIterable<StreamItem>> {
      const url = `${baseUrl}/sandbox/stream?${new URLSearchParams({ channel: thread.channel })}`;
      const response = await reach(url, { signal, headers: { accept: "text/event-stream" } });
      if (!response.ok || response.body === null) throw new SandboxAwayError(`${url} answered ${response.status}`);
      return readItems(response.body, thread);
    },
  };
}

async function reach(url: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (options.signal?.aborted === true && options.signal.reason === error) throw error;
    const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
    throw new SandboxAwayError(
      `The sandbox does not answer at ${new URL(url).origin} (${cause}). Is  npm run dev  running?`,
      { cause: error },
    );
  }
}

async function* readItems(body: ReadableStream<Uint8Array>, thread: ThreadId): AsyncGenerator<StreamItem> {
  for await (const data of readServerSentEvents(body)) {
    const { data: item } = StreamItem.safeParse(JSON.parse(data));
    // A kind that is not known here says nothing about messages.
    if (item !== undefined && belongsToThread(item, thread)) yield item;
  }
}
