import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { endLeftover } from "./end-leftover.ts";
import { findRedisOnPath } from "./find-redis.ts";
import { findRedisInDocker } from "./redis-in-docker.ts";
import type { RedisProgram } from "./redis-program.ts";
import { RedisUnavailableError } from "./redis-unavailable.ts";
import { superviseRedis } from "./supervise-redis.ts";
import { unpackRedis } from "./unpack-redis.ts";

export interface StartRedisOptions {
  /** Where a private server keeps its data; made if missing. One server at a time uses it. */
  dataDir: string;
  /** An existing Redis to use instead of starting one. */
  url?: string | undefined;
  /** Port for a private server; a free one unless told. */
  port?: number;
  /** Whether a private server's data survives its end (append-only file, at most a second lost). True unless told. */
  isDurable?: boolean;
  /** Where a server, and the programs to unpack one, are looked for; the process's PATH unless told. */
  path?: string;
  /** Where one is unpacked to if the machine has none; the project's `.cache/redis` unless told. */
  unpackDir?: string;
  /** Told what is done when it takes a while. */
  report?: (message: string) => void;
}

export interface RunningRedis extends AsyncDisposable {
  readonly url: string;
  /** False for a Redis somebody else runs: disposing leaves it alone. */
  readonly isPrivate: boolean;
  /** Rejects when a private server ends without having been disposed. */
  readonly failed: Promise<never>;
}

const PROJECT_CACHE = join(import.meta.dirname, "../../../../.cache/redis");

/**
 * A Redis to work with: the one at `url`, else a private server from the PATH, else one unpacked from Debian's
 * packages, else one in Docker. A private server listens on 127.0.0.1 alone and ends with this process, however that ends.
 * @throws RedisUnavailableError when there is no way to one.
 */
export async function startRedis(options: StartRedisOptions): Promise<RunningRedis> {
  if (options.url !== undefined && options.url !== "") return usingExisting(options.url);
  await mkdir(options.dataDir, { recursive: true });
  const program = await obtainRedis(options);
  await endLeftover(options.dataDir);
  const port = options.port ?? (await freePort());
  const server = await superviseRedis({
    program,
    dataDir: options.dataDir,
    port,
    isDurable: options.isDurable ?? true,
  });
  return { url: `redis://127.0.0.1:${port}`, isPrivate: true, ...server };
}

function usingExisting(url: string): RunningRedis {
  return { url, isPrivate: false, failed: new Promise(() => {}), [Symbol.asyncDispose]: async () => {} };
}

async function obtainRedis(options: StartRedisOptions): Promise<RedisProgram> {
  const path = options.path ?? process.env.PATH ?? "";
  const installed = await findRedisOnPath(path);
  if (installed !== undefined) return installed;
  const { unpackDir = PROJECT_CACHE, report = () => {}, dataDir } = options;
  try {
    return await unpackRedis({ directory: unpackDir, path, report });
  } catch (unpackFailure) {
    try {
      return await findRedisInDocker({ dataDir, path, report });
    } catch (dockerFailure) {
      throw new RedisUnavailableError(new AggregateError([unpackFailure, dockerFailure]));
    }
  }
}
