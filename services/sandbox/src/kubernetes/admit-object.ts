import { z } from "zod";
import { invalid, KubernetesFailure } from "./kubernetes-failure.ts";
import { type Job, KINDS, type Kinds, type Plural } from "./model.ts";

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const Text = z.record(z.string(), z.string());
const Draft = z.looseObject({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata: z.looseObject({
    name: z.string().optional(),
    generateName: z.string().optional(),
    namespace: z.string().optional(),
    labels: Text.optional(),
    annotations: Text.optional(),
  }),
});

const Container = z.looseObject({
  name: z.string().regex(DNS_LABEL),
  image: z.string().min(1),
  env: z.array(z.looseObject({ name: z.string().min(1), value: z.string().optional() })).optional(),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string().min(1) })).optional(),
  restartPolicy: z.literal("Always").optional(),
  securityContext: z
    .looseObject({ privileged: z.boolean().optional(), allowPrivilegeEscalation: z.boolean().optional() })
    .refine(({ privileged, allowPrivilegeEscalation }) => privileged !== true || allowPrivilegeEscalation !== false, {
      error: "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
    })
    .optional(),
});

const PodSpec = z.looseObject({
  restartPolicy: z.string().optional(),
  initContainers: z.array(Container).optional(),
  containers: z.array(Container.extend({ restartPolicy: z.undefined().optional() })).min(1),
  volumes: z.array(z.looseObject({ name: z.string().regex(DNS_LABEL) })).optional(),
  terminationGracePeriodSeconds: z.number().int().min(0).optional(),
});
const SPECS: Readonly<Record<Plural, z.ZodType>> = {
  jobs: z.looseObject({
    spec: z.looseObject({
      backoffLimit: z.number().int().min(0).optional(),
      activeDeadlineSeconds: z.number().int().min(1).optional(),
      ttlSecondsAfterFinished: z.number().int().min(0).optional(),
      suspend: z.boolean().optional(),
      template: z.looseObject({ spec: PodSpec }),
    }),
  }),
  pods: z.looseObject({ spec: PodSpec }),
  secrets: z.looseObject({
    immutable: z.boolean().optional(),
    data: z.record(z.string().regex(/^[-._a-zA-Z0-9]+$/), z.base64()).optional(),
    stringData: Text.optional(),
  }),
  events: z.looseObject({ involvedObject: z.looseObject({ name: z.string() }) }),
};

/** Makes an object of what somebody sent: checked and with the server's defaults. @throws KubernetesFailure 400 or 422 */
export function admitObject<K extends Plural>(plural: K, namespace: string, body: unknown): Kinds[K] {
  const { kind, apiVersion } = KINDS[plural];
  const draft = Draft.safeParse(body);
  if (!draft.success)
    throw new KubernetesFailure(400, "BadRequest", `the object is no ${kind}: ${draft.error.message}`);
  const { metadata } = draft.data;
  if ((draft.data.kind ?? kind) !== kind || (draft.data.apiVersion ?? apiVersion) !== apiVersion) {
    throw new KubernetesFailure(400, "BadRequest", `the object provided is no ${apiVersion} ${kind}`);
  }
  if ((metadata.namespace ?? namespace) !== namespace) {
    throw new KubernetesFailure(400, "BadRequest", "the namespace of the object does not match the one of the request");
  }
  const name = metadata.name ?? `${metadata.generateName ?? ""}${Math.random().toString(36).slice(2, 7)}`;
  const problems = [...nameProblems(plural, name), ...labelProblems(metadata.labels), ...specProblems(plural, body)];
  if (problems.length > 0) throw invalid(kind, name, problems);
  const defaults = { status: plural === "pods" ? { phase: "Pending" } : {} };
  const object = { ...defaults, ...draft.data, apiVersion, kind, metadata: { ...metadata, name, namespace } };
  // Checked above against what of it is read here.
  return withSecretData(object) as unknown as Kinds[K];
}

/** Refuses a change of what may not change. @throws KubernetesFailure 409 or 422 */
export function checkChange(plural: Plural, before: object, after: object): void {
  const [old, next] = [before, after] as [Job, Job];
  const { name } = old.metadata;
  if (next.metadata?.name !== name || next.metadata?.uid !== old.metadata.uid) {
    throw invalid(KINDS[plural].kind, name, ["metadata.name, metadata.uid: field is immutable"]);
  }
  if (next.metadata.resourceVersion !== old.metadata.resourceVersion) {
    const message = `Operation cannot be fulfilled on ${plural} "${name}": the object has been modified`;
    throw new KubernetesFailure(409, "Conflict", message);
  }
  if (plural === "jobs" && JSON.stringify(next.spec.template) !== JSON.stringify(old.spec.template)) {
    throw invalid("Job", name, ["spec.template: Invalid value: field is immutable"]);
  }
  const [oldData, newData] = [dataOf(before), dataOf(after)];
  if (plural === "secrets" && oldData.immutable === true && oldData.data !== newData.data) {
    throw invalid("Secret", name, ["data: Forbidden: field is immutable when `immutable` is set"]);
  }
  const problems = [...labelProblems(next.metadata.labels), ...specProblems(plural, after)];
  if (problems.length > 0) throw invalid(KINDS[plural].kind, name, problems);
}

function dataOf(object: object): { immutable: unknown; data: string } {
  const { immutable, data } = object as { immutable?: unknown; data?: unknown };
  return { immutable, data: JSON.stringify(data ?? {}) };
}

function nameProblems(plural: Plural, name: string): string[] {
  // The name of a Job's pods, and the label with it, derive from the Job's own.
  const isValid = plural === "jobs" ? DNS_LABEL.test(name) && name.length <= 63 : DNS_SUBDOMAIN.test(name);
  return isValid && name.length <= 253 ? [] : [`metadata.name: Invalid value: "${name}": not a DNS-1123 name`];
}

function labelProblems(labels: Record<string, string> = {}): string[] {
  return Object.entries(labels)
    .filter(([, value]) => value.length > 63 || !LABEL_VALUE.test(value))
    .map(([key, value]) => `metadata.labels: Invalid value: "${value}" of ${key}: not a valid label value`);
}

function specProblems(plural: Plural, body: unknown): string[] {
  const result = SPECS[plural].safeParse(body);
  if (!result.success) return result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  if (plural !== "jobs") return [];
  const { spec } = (body as Job).spec.template;
  const mayEnd = spec.restartPolicy === "Never" || spec.restartPolicy === "OnFailure";
  const restarts = `spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"`;
  return [...(mayEnd ? [] : [restarts]), ...mountProblems(spec)];
}

function mountProblems({ volumes = [], initContainers = [], containers }: Job["spec"]["template"]["spec"]): string[] {
  const known = new Set(volumes.map(({ name }) => name));
  return [...initContainers, ...containers].flatMap(({ name, volumeMounts = [] }) => [
    ...volumeMounts
      .filter((mount) => !known.has(mount.name))
      .map((mount) => `${name}: volume "${mount.name}" not found`),
    ...(new Set(volumeMounts.map(({ mountPath }) => mountPath)).size === volumeMounts.length
      ? []
      : [`${name}.volumeMounts: Invalid value: must be unique`]),
  ]);
}

/** `stringData` is for writing only: it ends up in `data`. */
function withSecretData(object: Record<string, unknown>): Record<string, unknown> {
  const { stringData, ...rest } = object;
  const texts = Text.safeParse(stringData);
  if (!texts.success) return rest;
  const encoded = Object.entries(texts.data).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
  return { ...rest, data: { ...(rest.data as object | undefined), ...Object.fromEntries(encoded) } };
}
