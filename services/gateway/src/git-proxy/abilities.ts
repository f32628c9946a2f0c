import type { Readable } from "node:stream";
import type { Repository } from "@peerbot/contracts";
import { LRUCache } from "lru-cache";
import type { GitUpstream } from "./git-upstream.ts";
import { readPacket } from "./pkt-line.ts";

type RepositoryName = Pick<Repository, "owner" | "name">;

/** As it goes to git, its body whole. */
export interface AdvertisementAnswer {
  headers: Record<string, string | string[]>;
  body: Buffer;
}

/**
 * What hosts can do with a fetch, asked ahead and remembered for a while: every fetch begins with this question, and its
 * answer tells nothing of a repository's content (gitprotocol-v2, "Capability Advertisement").
 */
export interface Abilities {
  /** Asks in advance. Whoever needs the answer hears of a failure. */
  lookAhead(repository: RepositoryName): void;
  /** The host's answer in protocol v2; undefined when it speaks an older one. @throws AppError as `GitUpstream.call` does */
  of(repository: RepositoryName): Promise<AdvertisementAnswer | undefined>;
}

/** A host seldom learns anything new, and git copes with one that did. */
const REMEMBERED_MS = 5 * 60_000;
const MOST_REMEMBERED = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** Some lines of text. More is a list of refs, from a host that knows only older protocols. */
const MAX_ANSWER_BYTES = 64 * 1024;
const QUESTION = "/info/refs?service=git-upload-pack";
/** What git sends with it. Without compression, so that we can read the answer. */
const HEADERS = { accept: "*/*", "accept-encoding": "identity", "git-protocol": "version=2" };

export function createAbilities({ upstream }: { upstream: Pick<GitUpstream, "call"> }): Abilities {
  const known = new LRUCache<string, AdvertisementAnswer, RepositoryName>({
    max: MOST_REMEMBERED,
    ttl: REMEMBERED_MS,
    fetchMethod: (_key, _stale, { context }) => ask(upstream, context),
  });
  const of = ({ owner, name }: RepositoryName) => known.fetch(`${owner}/${name}`, { context: { owner, name } });
  return {
    of,
    lookAhead: (repository) => void of(repository).catch(() => {}),
  };
}

async function ask(
  upstream: Pick<GitUpstream, "call">,
  repository: RepositoryName,
): Promise<AdvertisementAnswer | undefined> {
  const { headers, body } = await upstream.call({
    repository,
    method: "GET",
    path: QUESTION,
    headers: HEADERS,
    body: undefined,
    signal: AbortSignal.timeout(LONGEST_WAIT_MS),
  });
  const bytes = await readShort(body);
  return bytes !== undefined && isOfProtocol2(bytes) ? { headers, body: bytes } : undefined;
}

async function readShort(body: Readable): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) return undefined; // leaving the loop ends the answer
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** After the name of the service, where it is told, comes the version. */
function isOfProtocol2(bytes: Buffer): boolean {
  for (let at = 0; ; ) {
    const read = readPacket(bytes, at);
    if (read === "incomplete" || read === "malformed") return false;
    at = read.end;
    if (read.packet.type === "flush") continue;
    const line = read.packet.data.toString("latin1").trimEnd();
    if (line.startsWith("# service=")) continue;
    return line === "version 2";
  }
}
