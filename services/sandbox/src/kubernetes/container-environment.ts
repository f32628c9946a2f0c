import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Container, EnvVar, Pod } from "./model.ts";
import type { ObjectStore } from "./object-store.ts";

/** A container that cannot be made yet, in the kubelet's words. */
export class ContainerConfigError extends Error {}

export interface ContainerPlace {
  env: Record<string, string>;
  cwd: string;
}

/**
 * The environment of a container, and its volumes as folders. Processes of one machine have no mounts of their own, so
 * paths into a volume are translated where they stand in the environment, which is all the stand-in can do for them.
 * @throws ContainerConfigError when a Secret is missing.
 */
export async function placeContainer(
  pod: Pod,
  container: Container,
  { store, folder, searchPath }: { store: ObjectStore; folder: string; searchPath: string },
): Promise<ContainerPlace> {
  const mounts = (container.volumeMounts ?? []).map(({ name, mountPath }) => ({
    mountPath,
    folder: join(folder, name),
  }));
  for (const mount of mounts) await mkdir(mount.folder, { recursive: true });
  const local = (value: string) => {
    const mount = mounts.find(({ mountPath }) => value === mountPath || value.startsWith(`${mountPath}/`));
    return mount === undefined ? value : `${mount.folder}${value.slice(mount.mountPath.length)}`;
  };
  const told = (container.env ?? []).flatMap((variable): [string, string][] => {
    const value = resolve(variable, pod, store);
    return value === undefined ? [] : [[variable.name, local(value)]];
  });
  return { env: { PATH: searchPath, ...Object.fromEntries(told) }, cwd: mounts[0]?.folder ?? folder };
}

function resolve({ value, valueFrom }: EnvVar, pod: Pod, store: ObjectStore): string | undefined {
  if (valueFrom?.secretKeyRef !== undefined) {
    const { name, key, optional = false } = valueFrom.secretKeyRef;
    const secret = store.find("secrets", pod.metadata.namespace, name);
    const data = secret?.data?.[key];
    if (data !== undefined) return Buffer.from(data, "base64").toString();
    if (optional) return undefined;
    throw new ContainerConfigError(
      secret === undefined ? `secret "${name}" not found` : `couldn't find key ${key} in Secret ${name}`,
    );
  }
  if (valueFrom?.fieldRef !== undefined) return fieldOf(pod, valueFrom.fieldRef.fieldPath);
  return value ?? "";
}

function fieldOf({ metadata, spec }: Pod, path: string): string {
  const fields: Record<string, string | undefined> = {
    "metadata.name": metadata.name,
    "metadata.namespace": metadata.namespace,
    "metadata.uid": metadata.uid,
    "spec.nodeName": spec.nodeName,
    "status.podIP": "127.0.0.1",
  };
  return fields[path] ?? "";
}
