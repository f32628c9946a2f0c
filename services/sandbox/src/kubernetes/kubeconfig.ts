/** No secret: it only shows that a client sends the one of its kubeconfig. */
export const KUBERNETES_TOKEN = "sandbox-kubernetes-token";

/** The kubeconfig with which a client, or kubectl, finds the stand-in at this address. JSON is YAML. */
export function kubeconfigOf({ url, token, namespace }: { url: string; token: string; namespace: string }): string {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "sandbox",
    // Clients speak plain HTTP only when told that nothing is to be verified.
    clusters: [{ name: "sandbox", cluster: { server: url, "insecure-skip-tls-verify": true } }],
    users: [{ name: "launcher", user: { token } }],
    contexts: [{ name: "sandbox", context: { cluster: "sandbox", user: "launcher", namespace } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
