import {
  ChannelMessages,
  DeedResult,
  Faults,
  type InjectFault,
  Ledger,
  type PostMessage,
  PostMessageResult,
  PullRequests,
  Pushes,
  SandboxState,
  Thread,
} from "@peerbot/sandbox/control";
import { z } from "zod";

export type ChaosSandbox = ReturnType<typeof createChaosSandbox>;

const PullFiles = z.object({ diff: z.string() });

/** The sandbox's control API as far as the harness uses it. It is never broken, so nothing is tried again. */
export function createChaosSandbox(baseUrl: string) {
  async function request<Schema extends z.ZodType>(schema: Schema, path: string, body?: unknown, method = "POST") {
    const response = await fetch(`${baseUrl}/sandbox${path}`, {
      ...(body === undefined ? { method: method === "POST" ? "GET" : method } : { method }),
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 300)}`);
    return schema.parse(JSON.parse(text)) as z.infer<Schema>;
  }

  return {
    state: () => request(SandboxState, "/state"),
    post: (message: PostMessage) => request(PostMessageResult, "/messages", message),
    edit: (edit: { user: string; channel: string; ts: string; text: string }) => request(DeedResult, "/edits", edit),
    press: (press: { user: string; channel: string; messageTs: string; actionId: string }) =>
      request(DeedResult, "/actions", press),
    inject: (fault: InjectFault) => request(z.unknown(), "/faults", fault),
    /** How many wait for their request. */
    async pendingFaults() {
      const { pending } = await request(Faults, "/faults");
      return Object.values(pending).reduce((sum, count) => sum + count, 0);
    },
    clearFaults: () => request(z.unknown(), "/faults", undefined, "DELETE"),
    thread: (channel: string, ts: string) => request(Thread, `/thread?${new URLSearchParams({ channel, ts })}`),
    channel: (channel: string) =>
      request(ChannelMessages, `/messages?${new URLSearchParams({ channel, limit: "1000" })}`),
    ledger: () => request(Ledger, "/ledger"),
    pushes: async () => (await request(Pushes, "/pushes")).pushes,
    pullRequests: async () => (await request(PullRequests, "/pull-requests")).pullRequests,
    /** Paths of the files a pull request adds. */
    async addedFiles({ owner, repository, number }: { owner: string; repository: string; number: number }) {
      const { diff } = await request(PullFiles, `/pulls/${owner}/${repository}/${number}`);
      return [...diff.matchAll(/^\+\+\+ b\/(.+)$/gm)].map(([, path = ""]) => path.trim());
    },
  };
}
