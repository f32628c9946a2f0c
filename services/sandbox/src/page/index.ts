import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";
import { z } from "zod";

/** A pull request as the page lists it. */
export interface PagePull {
  owner: string;
  repository: string;
  number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  head: string;
  base: string;
}

/** A pull request as the page shows it: with its unified diff and size in files and lines. */
export interface PagePullDetail extends PagePull {
  diff: string;
  files: number;
  insertions: number;
  deletions: number;
}

/** Where the page finds pull requests. */
export interface PullSource {
  /** Newest first. */
  list(): Promise<PagePull[]>;
  find(owner: string, repository: string, number: number): Promise<PagePullDetail | undefined>;
}

const PAGE_FOLDER = fileURLToPath(new URL("../../page/", import.meta.url));

/** Browser builds of libraries, served under a stable name. */
const VENDOR = new Map(
  Object.entries({
    "preact.js": "preact",
    "preact-hooks.js": "preact/hooks",
    "htm.js": "htm",
    "marked.js": "marked",
    "dompurify.js": "dompurify",
  }),
);

const PullPath = z.object({ owner: z.string(), repository: z.string(), number: z.coerce.number().int() });

/** The Slack-like page at `/` and what it needs beyond the control API: its files and pull requests. */
export async function registerPage(server: FastifyInstance, { pulls }: { pulls: PullSource }): Promise<void> {
  await server.register(fastifyStatic, { root: PAGE_FOLDER, prefix: "/page/", cacheControl: false });
  const sendPage = async () => readFile(`${PAGE_FOLDER}/index.html`);
  for (const path of ["/", "/github/:owner/:repository", "/github/:owner/:repository/pull/:number"]) {
    server.get(path, async (_request, reply) => reply.type("text/html; charset=utf-8").send(await sendPage()));
  }

  server.get<{ Params: { name: string } }>("/page/vendor/:name", async (request, reply) => {
    const specifier = VENDOR.get(request.params.name);
    if (specifier === undefined) return reply.code(404).send({ ok: false, error: "no such library" });
    const source = await readFile(fileURLToPath(import.meta.resolve(specifier)));
    return reply.type("text/javascript; charset=utf-8").send(source);
  });

  server.get("/sandbox/pulls", async () => ({ pulls: await pulls.list() }));
  server.get("/sandbox/pulls/:owner/:repository/:number", async (request, reply) => {
    const place = PullPath.safeParse(request.params);
    const pull = place.success
      ? await pulls.find(place.data.owner, place.data.repository, place.data.number)
      : undefined;
    return pull ?? reply.code(404).send({ ok: false, error: "There is no such pull request." });
  });
}
