/** The least anybody has to set. */
export const CREDENTIALS = {
  "settings.GITHUB_ORGANIZATION": "acme",
  "secrets.SLACK_BOT_TOKEN": "xoxb",
  "secrets.SLACK_APP_TOKEN": "xapp",
  "secrets.SLACK_SIGNING_SECRET": "signing",
  "secrets.GITHUB_TOKEN": "ghp",
  "secrets.ANTHROPIC_API_KEY": "sk-ant",
};
const EVERYTHING = {
  ...CREDENTIALS,
  "gateway.conversations.bucket": "b",
  "gateway.autoscaling.enabled": "true",
  "launcher.keda.enabled": "true",
  "ingress.autoscaling.enabled": "true",
  "ingress.expose.enabled": "true",
  "ingress.expose.host": "peerbot.example.com",
  "worker.internet": "true",
  "worker.nodeSelector.pool": "workers",
  "worker.spot": "true",
  "worker.runtimeClass": "gvisor",
  "worker.warm": "3",
  "image.pullSecrets[0]": "pull",
  "worker.docker.mode": "rootless",
  "monitoring.serviceMonitor.enabled": "true",
  "monitoring.prometheusRule.enabled": "true",
  "monitoring.grafanaDashboard.enabled": "true",
};

/** The values the chart is rendered with. */
export const VARIANTS = [
  { name: "values.yaml with a bucket", options: { set: { ...CREDENTIALS, "gateway.conversations.bucket": "b" } } },
  { name: "values-local.yaml", options: { values: "values-local.yaml", set: CREDENTIALS } },
  { name: "values-sandbox.yaml", options: { values: ["values-local.yaml", "values-sandbox.yaml"] } },
  { name: "values-production.yaml", options: { values: "values-production.yaml" } },
  { name: "everything switched on", options: { set: EVERYTHING } },
] as const;
