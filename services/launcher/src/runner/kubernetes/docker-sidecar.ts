import type { V1Container, V1EnvVar, V1SecurityContext, V1Volume, V1VolumeMount } from "@kubernetes/client-node";
import { resourcesOf } from "./container-resources.ts";
import type { DockerSettings, KubernetesSettings } from "./kubernetes-settings.ts";

export const DOCKER_CONTAINER = "docker";

/** Holds the daemon's socket and nothing else. Not below /run, which rootless Docker covers with one of its own. */
const SOCKET_FOLDER = { name: "docker-socket", mountPath: "/docker" };
const DAEMON = `unix://${SOCKET_FOLDER.mountPath}/docker.sock`;

/**
 * Holds what the daemon stores. The folder of a volume is root's: a daemon that is not cannot set its permissions, which
 * it insists on for the folder it is given, so it gets one below that it makes itself.
 */
const STORAGE_FOLDER = { name: "docker-storage", mountPath: "/docker-storage" };
const STORAGE = `${STORAGE_FOLDER.mountPath}/data`;

/** The user of the worker, which is also that of the rootless image. */
const USER = 1000;

/**
 * The Docker daemon of one run: an init container that goes on running, so that the worker finds it ready, and the Job
 * ends when the worker does. It shares the worker's writable folders at the same paths, so that `docker run -v` means
 * the same on both sides, and the pod's network, so that the same policy holds for it.
 */
export function dockerSidecarOf(settings: KubernetesSettings, docker: DockerSettings): V1Container {
  return {
    name: DOCKER_CONTAINER,
    image: docker.image,
    imagePullPolicy: settings.imagePullPolicy,
    restartPolicy: "Always",
    // Named in full, so that the image adds no TCP listener.
    args: ["dockerd", `--host=${DAEMON}`, `--data-root=${STORAGE}`, "--shutdown-timeout=1", ...groupOf(docker)],
    env: [{ name: "DOCKER_TLS_CERTDIR", value: "" }],
    resources: resourcesOf(docker.limits, settings),
    startupProbe: {
      exec: { command: ["docker", `--host=${DAEMON}`, "version"] },
      periodSeconds: 1,
      timeoutSeconds: 5,
      failureThreshold: 120,
    },
    securityContext: securityOf(docker),
    volumeMounts: [SOCKET_FOLDER, STORAGE_FOLDER],
  };
}

/** What the worker is given to reach the daemon. */
export const DOCKER_ACCESS: { env: V1EnvVar[]; volumeMounts: V1VolumeMount[] } = {
  env: [{ name: "DOCKER_HOST", value: DAEMON }],
  volumeMounts: [SOCKET_FOLDER],
};

export function dockerVolumesOf({ storageGib }: DockerSettings): V1Volume[] {
  return [
    { name: SOCKET_FOLDER.name, emptyDir: { sizeLimit: "1Mi" } },
    { name: STORAGE_FOLDER.name, emptyDir: { sizeLimit: `${storageGib}Gi` } },
  ];
}

/** A daemon of root's gives its socket to the worker's group; a rootless one has the worker's user. */
function groupOf({ mode }: DockerSettings): string[] {
  return mode === "privileged" ? [`--group=${USER}`] : [];
}

/** Rootless Docker is no root on the node, but to make its namespaces it has to be let out of the container's confines. */
function securityOf({ mode }: DockerSettings): V1SecurityContext {
  return mode === "rootless"
    ? { privileged: true, runAsUser: USER, runAsGroup: USER, runAsNonRoot: true }
    : { privileged: true, runAsUser: 0, runAsGroup: 0, runAsNonRoot: false };
}
