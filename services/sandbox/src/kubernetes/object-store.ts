import { randomUUID } from "node:crypto";
import { KubernetesFailure, notFound } from "./kubernetes-failure.ts";
import { KINDS, type Kinds, type Plural, timestamp } from "./model.ts";

export type ChangeType = "ADDED" | "MODIFIED" | "DELETED";

export interface Change<K extends Plural = Plural> {
  type: ChangeType;
  plural: K;
  version: number;
  object: Kinds[K];
  /** As it was before; none when it was added. */
  before?: Kinds[K];
}

export type ObjectStore = ReturnType<typeof createObjectStore>;

/** How many changes a watch can catch up with before it has to list anew. */
const HISTORY = 2_000;

/** What etcd and the watch cache are to the API server: objects, versions, and the changes between them. */
export function createObjectStore() {
  const objects: { [K in Plural]: Map<string, Kinds[K]> } = {
    jobs: new Map(),
    pods: new Map(),
    secrets: new Map(),
    events: new Map(),
  };
  const history: Change[] = [];
  const listeners = new Set<(change: Change) => void>();
  let version = 1_000;
  let forgottenBefore = version;

  function emit<K extends Plural>(type: ChangeType, plural: K, object: Kinds[K], before?: Kinds[K]): void {
    const change: Change = { type, plural, version, object, ...(before === undefined ? {} : { before }) };
    history.push(change);
    const dropped = history.splice(0, Math.max(0, history.length - HISTORY)).at(-1);
    if (dropped !== undefined) forgottenBefore = dropped.version;
    for (const listener of listeners) listener(change);
  }
  const read = <K extends Plural>(plural: K, namespace: string, name: string): Kinds[K] | undefined =>
    objects[plural].get(`${namespace}/${name}`);

  return {
    version: () => version,
    /** Watches from before this version have to list anew. */
    forgottenBefore: () => forgottenBefore,
    /** Forgets what led to the state of now, as the API server does after some minutes. */
    compact(): void {
      history.length = 0;
      forgottenBefore = version;
    },
    listen(listener: (change: Change) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    changesAfter: (after: number): Change[] => history.filter((change) => change.version > after),

    find: read,
    get<K extends Plural>(plural: K, namespace: string, name: string): Kinds[K] {
      const found = read(plural, namespace, name);
      if (found === undefined) throw notFound(resourceName(plural), name);
      return found;
    },
    list: <K extends Plural>(plural: K, namespace?: string): Kinds[K][] =>
      [...objects[plural].values()].filter((one) => namespace === undefined || one.metadata.namespace === namespace),

    /** The server's own fields of the metadata are set here. */
    create<K extends Plural>(plural: K, draft: Kinds[K]): Kinds[K] {
      const { namespace, name } = draft.metadata;
      if (read(plural, namespace, name) !== undefined) {
        throw new KubernetesFailure(409, "AlreadyExists", `${resourceName(plural)} "${name}" already exists`);
      }
      version += 1;
      const metadata = {
        ...draft.metadata,
        uid: randomUUID(),
        creationTimestamp: timestamp(),
        generation: 1,
        resourceVersion: String(version),
      };
      const object = { ...draft, metadata };
      objects[plural].set(`${namespace}/${name}`, object);
      emit("ADDED", plural, object);
      return object;
    },

    /** Replaces an object by what `change` makes of it; objects are never changed in place. */
    update<K extends Plural>(
      plural: K,
      namespace: string,
      name: string,
      change: (now: Kinds[K]) => Kinds[K],
    ): Kinds[K] {
      const before = this.get(plural, namespace, name);
      const changed = change(before);
      if (changed === before) return before;
      version += 1;
      const object = { ...changed, metadata: { ...changed.metadata, resourceVersion: String(version) } };
      objects[plural].set(`${namespace}/${name}`, object);
      emit("MODIFIED", plural, object, before);
      return object;
    },

    /** Takes an object away at once; one that is not there is fine. */
    remove(plural: Plural, namespace: string, name: string): void {
      const before = read(plural, namespace, name);
      if (before === undefined) return;
      objects[plural].delete(`${namespace}/${name}`);
      version += 1;
      emit(
        "DELETED",
        plural,
        { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } },
        before,
      );
    },
  };
}

/** As error messages name it: `jobs.batch`, `pods`. */
export function resourceName(plural: Plural): string {
  const { group } = KINDS[plural];
  return group === "" ? plural : `${plural}.${group}`;
}
