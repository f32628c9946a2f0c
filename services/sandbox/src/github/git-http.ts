import { Readable, type Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { execa } from "execa";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { readCgiHead } from "./cgi.ts";
import { GIT_ENVIRONMENT } from "./git-command.ts";
import { GitHubError } from "./github-error.ts";
import type { RepositoryRecord } from "./records.ts";
import type { Repositories } from "./repositories.ts";
import { isSameText } from "./rest-api.ts";

export interface GitHttpOptions {
  repositories: Repositories;
  /** Folder of all bare repositories. */
  root: string;
  token: string;
  /** Called when git is done with a push, before its answer ends. */
  onPushed: (record: RepositoryRecord) => Promise<void>;
  /** Whether the answer will be lost: then git must be done before the connection breaks. */
  losesAnswer: (request: FastifyRequest) => boolean;
}

type GitRequest = FastifyRequest<{ Params: { owner: string; repo: string } }>;

const SERVICES = ["git-upload-pack", "git-receive-pack"];

/** Git's smart HTTP protocol, spoken by git's own `http-backend` on the bare repositories. */
export function addGitHttp(scope: FastifyInstance, options: GitHttpOptions): void {
  // Packs go to git as they arrive.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  scope.addHook("onRequest", async (request) => requireCredentials(request, options.token));
  scope.setErrorHandler(answerError);

  scope.get("/:owner/:repo/info/refs", async (request: GitRequest, reply) => {
    const { service } = request.query as { service?: string };
    if (service === undefined || !SERVICES.includes(service)) {
      throw new GitHubError(403, "Please upgrade your git client. Only the smart HTTP protocol is spoken here.");
    }
    return serve(request, reply, { path: "/info/refs", query: `service=${service}`, isPush: false });
  });
  for (const service of SERVICES) {
    scope.post(`/:owner/:repo/${service}`, async (request: GitRequest, reply) =>
      serve(request, reply, { path: `/${service}`, query: "", isPush: service === "git-receive-pack" }),
    );
  }

  async function serve(
    request: GitRequest,
    reply: FastifyReply,
    { path, query, isPush }: { path: string; query: string; isPush: boolean },
  ): Promise<FastifyReply> {
    const record = await options.repositories.find(request.params.owner, request.params.repo.replace(/\.git$/, ""));
    if (record.isArchived && isPush) throw new GitHubError(403, "This repository was archived so it is read-only.");
    const backend = execa("git", ["http-backend"], {
      env: environmentOf(request, { root: options.root, path: `/${record.id}.git${path}`, query }),
      stdin: "pipe",
      buffer: false,
      reject: false,
      encoding: "buffer",
    });
    feed(request.raw, backend.stdin);
    const isDone = backend.then(() => (isPush ? options.onPushed(record) : undefined));
    const { status, headers } = await readCgiHead(backend.stdout);
    reply.code(status).headers(headers);
    const body = Readable.from(untilDone(backend.stdout, isDone), { objectMode: false });
    return reply.send(options.losesAnswer(request) ? await buffer(body) : body);
  }
}

/** The answer ends only when all that follows from it has happened; it happens also when nobody listens any more. */
async function* untilDone(stdout: Readable, isDone: Promise<void>): AsyncGenerator<Buffer> {
  try {
    yield* stdout.iterator({ destroyOnReturn: false });
  } finally {
    stdout.resume();
    await isDone;
  }
}

/** However the request ends, git has what came of it, and does what it would do at a host. */
function feed(request: Readable, stdin: Writable): void {
  stdin.on("error", () => {}); // it answered without reading on
  request.on("close", () => stdin.end());
  request.pipe(stdin);
}

function environmentOf(
  { method, headers, ip }: FastifyRequest,
  { root, path, query }: { root: string; path: string; query: string },
): Record<string, string | undefined> {
  const fromHeader = (variable: string, name: string) => {
    const value = headers[name];
    return typeof value === "string" ? { [variable]: value } : {};
  };
  return {
    ...GIT_ENVIRONMENT,
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: "1",
    REQUEST_METHOD: method,
    PATH_INFO: path,
    QUERY_STRING: query,
    REMOTE_USER: "x-access-token",
    REMOTE_ADDR: ip,
    ...fromHeader("CONTENT_TYPE", "content-type"),
    // Absent for what comes in chunks; git then reads to the end.
    ...fromHeader("CONTENT_LENGTH", "content-length"),
    ...fromHeader("HTTP_CONTENT_ENCODING", "content-encoding"),
    ...fromHeader("GIT_PROTOCOL", "git-protocol"),
  };
}

function requireCredentials({ headers }: FastifyRequest, token: string): void {
  const credentials = Buffer.from(/^basic\s+(.+)$/i.exec(headers.authorization ?? "")?.[1] ?? "", "base64").toString();
  if (isSameText(credentials, `x-access-token:${token}`)) return;
  const message = headers.authorization === undefined ? "Authentication required." : "Invalid username or token.";
  throw new GitHubError(401, message);
}

/** Git shows plain text to whoever runs it. */
function answerError(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(error instanceof GitHubError)) throw error;
  if (error.status === 401) reply.header("www-authenticate", 'Basic realm="GitHub"');
  const text = error.status === 404 ? "Repository not found." : error.message;
  return reply.code(error.status).type("text/plain; charset=utf-8").send(text);
}
