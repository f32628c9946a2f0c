import type { FastifyInstance, FastifyRequest } from "fastify";
import type { SlackServices } from "./services.ts";
import { bearerOf } from "./web-api.ts";

const BODY_LIMIT = 110 * 1024 * 1024;

/** Second step of an upload at `/slack/upload/{id}`, and downloads at `/slack/files/{id}/{name}` with the bot token. */
export async function addFileRoutes(
  server: FastifyInstance,
  { services, botToken }: { services: SlackServices; botToken: string },
): Promise<void> {
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: BODY_LIMIT }, (_request, body, done) =>
      done(null, body),
    );

    scope.post<{ Params: { id: string } }>("/slack/upload/:id", { bodyLimit: BODY_LIMIT }, async (request, reply) => {
      const bytes = await uploadedBytes(request);
      const isTaken = bytes !== undefined && (await services.files.receive(request.params.id, bytes));
      if (!isTaken) return reply.code(400).type("text/plain").send("unknown upload, or not the length announced");
      return reply.type("text/plain").send(`OK - ${bytes.length}`);
    });

    scope.get<{ Params: { id: string } }>("/slack/files/:id/:name", async (request, reply) => {
      // Slack sends whoever has no token to its sign-in page: HTML with status 200 is the classic trap.
      if (bearerOf(request) !== botToken)
        return reply.type("text/html").send("<html><body>Sign in to Sandbox</body></html>");
      const bytes = await services.files.read(request.params.id);
      const file = services.workspace.file(request.params.id);
      if (bytes === undefined || file === undefined)
        return reply.code(404).send({ ok: false, error: "file_not_found" });
      return reply.type(file.mimetype).send(bytes);
    });
  });
}

/** Raw bytes, or the one field of a form: the SDK sends buffers as multipart and strings url-encoded. */
async function uploadedBytes(request: FastifyRequest): Promise<Uint8Array | undefined> {
  const type = request.headers["content-type"] ?? "";
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (!/^(multipart\/form-data|application\/x-www-form-urlencoded)/.test(type)) return body;
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
  const [field] = form.values();
  if (field === undefined) return undefined;
  return typeof field === "string" ? Buffer.from(field) : new Uint8Array(await field.arrayBuffer());
}
