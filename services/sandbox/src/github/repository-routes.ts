import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import { type ApiContext, bodyOf, paginate, type RepositoryRequest, repositoryOf } from "./api-context.ts";
import { branchCommit } from "./bare-repository.ts";
import { invalid, notFound } from "./github-error.ts";
import type { RepositoryRecord } from "./records.ts";
import { renderAccount, renderActor, renderRepository } from "./render.ts";
import { addSearchRoute } from "./search-route.ts";

const description = z
  .string()
  .max(350, "description cannot be more than 350 characters")
  .regex(/^[^\p{Cc}]*$/u, "description control characters are not allowed")
  .nullish();

const NewRepository = z.object({
  name: z.string().min(1),
  description,
  private: z.boolean().default(false),
  auto_init: z.boolean().default(false),
});

const RepositoryChange = z.object({
  name: z.string().min(1).optional(),
  description,
  private: z.boolean().optional(),
  archived: z.boolean().optional(),
  default_branch: z.string().optional(),
});

const Collaborator = z.object({ permission: z.string().default("push") });

/** Who one is, the organisation, and its repositories. */
export function addRepositoryRoutes(scope: FastifyInstance, context: ApiContext): void {
  const { repositories } = context;
  const place = () => ({ owner: repositories.owner, publicUrl: context.publicUrl() });
  const render = (record: RepositoryRecord) => renderRepository(record, place());
  addSearchRoute(scope, context, render);

  scope.get("/user", async () => renderActor(place()));

  scope.get("/rate_limit", async () => {
    const rate = { limit: 5000, used: 1, remaining: 4999, reset: Math.floor(Date.now() / 1000) + 3600 };
    return { resources: { core: rate, search: { ...rate, limit: 30, remaining: 29 } }, rate };
  });

  scope.get<{ Params: { org: string } }>("/orgs/:org", async (request) => {
    requireOrganization(request.params.org);
    return renderAccount(repositories.owner, "Organization", 2, place());
  });

  scope.get<{ Params: { org: string } }>("/orgs/:org/repos", async (request, reply) => {
    requireOrganization(request.params.org);
    return paginate(request, reply, { items: repositories.list() }).map(render);
  });

  scope.post<{ Params: { org: string } }>("/orgs/:org/repos", async (request, reply) => {
    requireOrganization(request.params.org);
    const wanted = bodyOf(request, NewRepository, "Repository");
    const record = await repositories.create({
      name: wanted.name,
      description: wanted.description ?? null,
      isPrivate: wanted.private,
      autoInit: wanted.auto_init,
    });
    return reply.code(201).send(render(record));
  });

  scope.get("/repos/:owner/:repo", async (request: RepositoryRequest, reply) => {
    const { record } = await repositoryOf(context, request);
    return redirectRenamed(request, reply, record) ?? render(record);
  });

  scope.get<{ Params: { id: string } }>("/repositories/:id", async (request) => {
    const record = repositories.list().find(({ id }) => String(id) === request.params.id);
    if (record === undefined) throw notFound();
    return render(record);
  });

  scope.patch("/repos/:owner/:repo", async (request: RepositoryRequest) => {
    const { record, directory } = await repositoryOf(context, request);
    const change = bodyOf(request, RepositoryChange, "Repository");
    const branch = change.default_branch;
    if (branch !== undefined && (await branchCommit(directory, branch)) === undefined) {
      throw invalid({ resource: "Repository", field: "default_branch", code: "invalid" });
    }
    if (change.name !== undefined) repositories.rename(record, change.name);
    if (change.description !== undefined) record.description = change.description;
    record.isPrivate = change.private ?? record.isPrivate;
    record.isArchived = change.archived ?? record.isArchived;
    record.defaultBranch = branch ?? record.defaultBranch;
    record.updatedAt = new Date().toISOString();
    repositories.keep();
    return render(record);
  });

  scope.delete("/repos/:owner/:repo", async (request: RepositoryRequest, reply) => {
    const { record } = await repositoryOf(context, request);
    await repositories.remove(record);
    return reply.code(204).send();
  });

  addCollaboratorRoutes(scope, context);

  function requireOrganization(name: string): void {
    if (name.toLowerCase() !== repositories.owner.toLowerCase()) throw notFound();
  }
}

/** A former name answers 301 with the address by id, which clients follow. */
function redirectRenamed(request: RepositoryRequest, reply: FastifyReply, { id, name }: RepositoryRecord) {
  if (name.toLowerCase() === request.params.repo.toLowerCase()) return undefined;
  const location = request.url.replace(/\/repos\/.*/, `/repositories/${id}`);
  return reply.code(301).header("location", location).send({ message: "Moved Permanently", url: location });
}

function addCollaboratorRoutes(scope: FastifyInstance, context: ApiContext): void {
  const url = "/repos/:owner/:repo/collaborators/:login";

  scope.put(url, async (request: RepositoryRequest, reply) => {
    const { record } = await repositoryOf(context, request);
    const { permission } = bodyOf(request, Collaborator, "Collaborator");
    const login = request.params.login ?? "";
    const isKnown = record.collaborators.some((collaborator) => collaborator.login === login);
    record.collaborators = [...record.collaborators.filter((other) => other.login !== login), { login, permission }];
    context.repositories.keep();
    if (isKnown) return reply.code(204).send();
    return reply.code(201).send({ id: record.collaborators.length, permissions: permission, invitee: { login } });
  });

  scope.get(url, async (request: RepositoryRequest, reply) => {
    const { record } = await repositoryOf(context, request);
    if (!record.collaborators.some(({ login }) => login === request.params.login)) throw notFound();
    return reply.code(204).send();
  });

  scope.get("/repos/:owner/:repo/collaborators", async (request: RepositoryRequest) => {
    const { record } = await repositoryOf(context, request);
    return record.collaborators.map(({ login, permission }) => ({ login, role_name: permission }));
  });

  scope.delete(url, async (request: RepositoryRequest, reply) => {
    const { record } = await repositoryOf(context, request);
    record.collaborators = record.collaborators.filter(({ login }) => login !== request.params.login);
    context.repositories.keep();
    return reply.code(204).send();
  });
}
