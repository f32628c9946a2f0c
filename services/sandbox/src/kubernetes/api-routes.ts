import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { admitObject, checkChange } from "./admit-object.ts";
import { applyPatch } from "./apply-patch.ts";
import { authorize, type PolicyRule } from "./authorize.ts";
import type { ClusterFaults } from "./cluster-faults.ts";
import { deleteObject, Propagation } from "./delete-object.ts";
import { discoveryOf } from "./discovery.ts";
import type { Kubelet } from "./kubelet.ts";
import { KubernetesFailure, notFound, statusBody } from "./kubernetes-failure.ts";
import { type Job, KINDS, type Kinds, type Plural, type Pod } from "./model.ts";
import type { ObjectStore } from "./object-store.ts";
import { selectorOf } from "./selectors.ts";
import type { Watches } from "./watch-stream.ts";

export interface ApiContext {
  store: ObjectStore;
  watches: Watches;
  kubelet: Kubelet;
  faults: ClusterFaults;
  token: string;
  /** What the client may do; everything unless told. */
  rules: readonly PolicyRule[] | undefined;
}

const Query = z.object({
  watch: z.enum(["true", "1", "false", "0"]).optional(),
  labelSelector: z.string().optional(),
  fieldSelector: z.string().optional(),
  resourceVersion: z.string().optional(),
  allowWatchBookmarks: z.string().optional(),
  timeoutSeconds: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(0).optional(),
  continue: z.string().optional(),
  propagationPolicy: Propagation.optional(),
  gracePeriodSeconds: z.coerce.number().int().min(0).optional(),
  tailLines: z.coerce.number().int().min(0).optional(),
  limitBytes: z.coerce.number().int().min(1).optional(),
  container: z.string().optional(),
  follow: z.string().optional(),
});
type Query = z.infer<typeof Query>;

const DeleteBody = z.object({
  propagationPolicy: Propagation.optional(),
  gracePeriodSeconds: z.number().int().min(0).optional(),
});

interface Target {
  plural: Plural;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
}

const QUOTA =
  "exceeded quota: workers, requested: count/jobs.batch=1, used: count/jobs.batch=20, limited: count/jobs.batch=20";

/** Serves the API's paths under the plugin's prefix. */
export function serveApi(server: FastifyInstance, context: ApiContext): void {
  server.setErrorHandler((error, _request, reply) => {
    if (error instanceof KubernetesFailure) {
      return reply.code(error.status).send(statusBody(error.status, error.message, error.reason));
    }
    const status = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : 500;
    return reply.code(status).send(statusBody(status, error instanceof Error ? error.message : undefined));
  });
  server.setNotFoundHandler((_request, reply) =>
    reply.code(404).send(statusBody(404, "the server could not find the requested resource")),
  );
  server.all("/*", async (request, reply) => {
    // kubectl shows no credentials over plain HTTP, so only wrong ones are refused.
    if ((request.headers.authorization ?? `Bearer ${context.token}`) !== `Bearer ${context.token}`) {
      throw new KubernetesFailure(401, "Unauthorized", "Unauthorized");
    }
    const path = `/${String((request.params as { "*": string })["*"])}`;
    const discovered = request.method === "GET" ? discoveryOf(path) : undefined;
    return discovered ?? answer(request, reply, targetOf(path), context);
  });
}

async function answer(request: FastifyRequest, reply: FastifyReply, target: Target, context: ApiContext) {
  const query = Query.safeParse(request.query);
  if (!query.success) throw new KubernetesFailure(400, "BadRequest", z.prettifyError(query.error));
  const isWatch = query.data.watch === "true" || query.data.watch === "1";
  authorize(context.rules, { ...target, verb: verbOf(request.method, target, isWatch) });
  const isCollection = target.name === undefined;
  if (request.method === "GET" && isWatch) return watch(reply, target, query.data, context);
  if (request.method === "GET" && isCollection) return list(target, query.data, context);
  if (request.method === "POST" && isCollection) return reply.code(201).send(create(target, request.body, context));
  if (target.name === undefined)
    throw new KubernetesFailure(405, "MethodNotAllowed", `${request.method} is not supported`);
  const object = context.store.get(target.plural, target.namespace ?? "", target.name);
  if (request.method === "GET" && target.subresource === "log")
    return readLog(reply, object as Pod, query.data, context);
  if (request.method === "GET") return object;
  if (request.method === "DELETE")
    return remove(target.plural, object, { ...query.data, ...deleteBody(request.body) }, context);
  if (request.method === "PATCH") {
    return change(target.plural, object, context, (now) =>
      applyPatch(now, request.body, request.headers["content-type"] ?? ""),
    );
  }
  if (request.method === "PUT") return change(target.plural, object, context, () => request.body as object);
  throw new KubernetesFailure(405, "MethodNotAllowed", `${request.method} is not supported`);
}

function verbOf(method: string, { name }: Target, isWatch: boolean): string {
  if (method === "GET") return isWatch ? "watch" : name === undefined ? "list" : "get";
  const verbs: Record<string, string> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };
  return verbs[method] ?? method.toLowerCase();
}

function targetOf(path: string): Target {
  const match =
    /^\/(?:api\/v1|apis\/(?<group>[^/]+)\/v1)(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?(?:\/(?<sub>[^/]+))?$/.exec(
      path,
    )?.groups;
  const plural = (Object.keys(KINDS) as Plural[]).find((each) => each === match?.plural);
  if (plural === undefined || KINDS[plural].group !== (match?.group ?? "")) {
    throw new KubernetesFailure(404, "NotFound", "the server could not find the requested resource");
  }
  return { plural, namespace: match?.namespace, name: match?.name, subresource: match?.sub };
}

function create({ plural, namespace }: Target, body: unknown, { store, faults }: ApiContext) {
  if (namespace === undefined) throw new KubernetesFailure(405, "MethodNotAllowed", "create needs a namespace");
  const object = admitObject(plural, namespace, body);
  const { name } = object.metadata;
  const isThere = store.find(plural, namespace, name) !== undefined;
  if (plural === "jobs" && !isThere && faults.assign(name)?.kind === "job-quota") {
    throw new KubernetesFailure(403, "Forbidden", `jobs.batch "${name}" is forbidden: ${QUOTA}`);
  }
  return store.create(plural, object);
}

function list({ plural, namespace }: Target, query: Query, { store }: ApiContext) {
  const { kind, apiVersion } = KINDS[plural];
  const from = Number(query.continue ?? 0);
  const all = store.list(plural, namespace).filter(selectorOf(query.labelSelector, query.fieldSelector));
  const items = query.limit ? all.slice(from, from + query.limit) : all.slice(from);
  const left = all.length - from - items.length;
  const more = left > 0 ? { continue: String(from + items.length), remainingItemCount: left } : {};
  return { kind: `${kind}List`, apiVersion, metadata: { resourceVersion: String(store.version()), ...more }, items };
}

function watch(
  reply: FastifyReply,
  { plural, namespace }: Target,
  query: Query,
  { watches }: ApiContext,
): FastifyReply {
  const since =
    query.resourceVersion === undefined || query.resourceVersion === "" ? undefined : Number(query.resourceVersion);
  if (since !== undefined && !Number.isInteger(since)) {
    throw new KubernetesFailure(400, "BadRequest", `Invalid value: "${query.resourceVersion}": resourceVersion`);
  }
  watches.begin(reply, {
    plural,
    namespace,
    matches: selectorOf(query.labelSelector, query.fieldSelector),
    since,
    wantsBookmarks: query.allowWatchBookmarks === "true" || query.allowWatchBookmarks === "1",
    timeoutSeconds: query.timeoutSeconds,
  });
  return reply;
}

function change(plural: Plural, object: Kinds[Plural], { store }: ApiContext, apply: (now: object) => object): object {
  const { namespace, name } = object.metadata;
  const changed = apply(object) as Kinds[Plural];
  checkChange(plural, object, changed);
  const isSpecNew = JSON.stringify((changed as Job).spec) !== JSON.stringify((object as Job).spec);
  const generation = (object.metadata.generation ?? 1) + (isSpecNew ? 1 : 0);
  return store.update(plural, namespace, name, () => ({ ...changed, metadata: { ...changed.metadata, generation } }));
}

function deleteBody(body: unknown): z.infer<typeof DeleteBody> {
  const parsed = DeleteBody.safeParse(body ?? {});
  if (!parsed.success) throw new KubernetesFailure(400, "BadRequest", z.prettifyError(parsed.error));
  return parsed.data;
}

function remove(
  plural: Plural,
  object: Kinds[Plural],
  { propagationPolicy, gracePeriodSeconds }: z.infer<typeof DeleteBody>,
  { store }: ApiContext,
) {
  const { namespace, name, uid } = object.metadata;
  deleteObject(store, plural, object, { propagation: propagationPolicy, graceSeconds: gracePeriodSeconds });
  const left = store.find(plural, namespace, name);
  const details = { name, uid, kind: plural, group: KINDS[plural].group };
  return left ?? { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

async function readLog(reply: FastifyReply, pod: Pod, query: Query, { kubelet }: ApiContext) {
  const container = query.container ?? pod.spec.containers[0]?.name ?? "";
  if (query.follow === "true" || query.follow === "1") await kubelet.untilEnded(pod.metadata.uid);
  const log = kubelet.log(pod.metadata.uid, container);
  if (log === undefined && !pod.spec.containers.some(({ name }) => name === container))
    throw notFound("containers", container);
  if (log === undefined) {
    const message = `container "${container}" in pod "${pod.metadata.name}" is waiting to start: ContainerCreating`;
    throw new KubernetesFailure(400, "BadRequest", message);
  }
  const lines = log.split("\n");
  const isEnded = lines.at(-1) === "";
  const wanted = query.tailLines === undefined ? lines : lines.slice(-(query.tailLines + (isEnded ? 1 : 0)));
  return reply.type("text/plain").send(wanted.join("\n").slice(0, query.limitBytes));
}
