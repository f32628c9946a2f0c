import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { execa } from "execa";

export interface HostRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
}

export interface GitHostDouble extends AsyncDisposable {
  readonly url: string;
  readonly requests: HostRequest[];
  /** Pull requests opened over the REST API, as they were asked for. */
  readonly pullRequests: Record<string, unknown>[];
  /** Every following answer has this status, until called with undefined. */
  failWith(status: number | undefined): void;
  /** Whether it answers in git's protocol v2 when it is asked to; it does unless told. */
  speaksProtocol2: boolean;
  /** Makes a bare repository with one commit on `main`; gives its path. */
  addRepository(owner: string, name: string): Promise<string>;
}

/** Stands in for GitHub: real bare repositories behind `git http-backend`, and the few REST calls about pull requests. */
export async function startGitHostDouble({ root, token }: { root: string; token: string }): Promise<GitHostDouble> {
  const requests: HostRequest[] = [];
  const pullRequests: Record<string, unknown>[] = [];
  let failure: number | undefined;

  const server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    requests.push({ method, url, headers });
    if (failure !== undefined) {
      response.writeHead(failure, { "content-type": "application/json" }).end(JSON.stringify({ message: "no" }));
    } else if (url.startsWith("/api/")) void serveRest(request, response, pullRequests);
    else if (!isAllowed(headers.authorization, token)) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="host"' }).end("who are you?");
    } else {
      if (!double.speaksProtocol2) delete headers["git-protocol"];
      serveGit(root, request, response);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const double: GitHostDouble = {
    url: `http://127.0.0.1:${port}`,
    speaksProtocol2: true,
    requests,
    pullRequests,
    failWith(status) {
      failure = status;
    },
    addRepository: (owner, name) => addRepository(root, owner, name),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return double;
}

function isAllowed(authorization: string | undefined, token: string): boolean {
  const credentials = Buffer.from(authorization?.replace(/^basic /i, "") ?? "", "base64").toString();
  return credentials.split(":")[1] === token;
}

async function addRepository(root: string, owner: string, name: string): Promise<string> {
  const path = `${root}/${owner}/${name}.git`;
  const git = (...args: string[]) => execa("git", ["-C", path, ...args]);
  await execa("git", ["init", "--quiet", "--bare", "--initial-branch=main", path]);
  await git("config", "http.receivepack", "true");
  await git("config", "receive.advertisePushOptions", "true");
  const { stdout: tree } = await execa("git", ["-C", path, "mktree"], { input: "" });
  const author = ["-c", "user.name=Setup", "-c", "user.email=setup@example.com"];
  const { stdout: commit } = await git(...author, "commit-tree", "-m", "first", tree);
  await git("update-ref", "refs/heads/main", commit);
  return path;
}

async function serveRest(request: IncomingMessage, response: ServerResponse, opened: Record<string, unknown>[]) {
  const send = (status: number, body: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  const [, , , owner, name, kind] = (request.url ?? "").split("?")[0]?.split("/") ?? [];
  if (kind !== "pulls") return send(404, { message: "Not Found" });
  if (request.method === "GET") return send(200, []);
  opened.push(JSON.parse(await text(request)));
  const number = opened.length;
  return send(201, { number, html_url: `https://github.example/${owner}/${name}/pull/${number}` });
}

/** CGI as RFC 3875 has it. */
function serveGit(root: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const header = (name: string) => String(request.headers[name] ?? "");
  const backend = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method,
      PATH_INFO: path,
      QUERY_STRING: query,
      CONTENT_TYPE: header("content-type"),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
      GIT_PROTOCOL: header("git-protocol"),
      REMOTE_USER: "peerbot",
      REMOTE_ADDR: "127.0.0.1",
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  // An answer may come before the request has been read to its end; the rest of it then meets a closed pipe.
  backend.stdin.on("error", () => {});
  request.pipe(backend.stdin);
  let head: Buffer | undefined = Buffer.alloc(0);
  backend.stdout.on("data", (chunk: Buffer) => {
    if (head === undefined) return void response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    writeHead(response, head.toString("latin1", 0, end));
    response.write(head.subarray(end + 4));
    head = undefined;
  });
  backend.stdout.on("end", () => response.end());
  response.on("close", () => backend.kill());
}

function writeHead(response: ServerResponse, head: string): void {
  let status = 200;
  for (const line of head.split("\r\n")) {
    const [name = "", value = ""] = line.split(/: (.*)/);
    if (name.toLowerCase() === "status") status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.writeHead(status);
}
