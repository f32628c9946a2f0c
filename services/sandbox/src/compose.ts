import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Logger, portOf, type RunningService } from "@peerbot/runtime";
import Fastify, { type FastifyInstance } from "fastify";
import { type ClaudeStandIn, registerClaude } from "./claude/index.ts";
import type { SandboxConfig } from "./config.ts";
import { registerControl } from "./control/index.ts";
import { type GcsStandIn, registerGcs } from "./gcs/index.ts";
import { type GitHubStandIn, registerGitHub } from "./github/index.ts";
import { isForSandbox } from "./known-hosts.ts";
import { KUBERNETES_TOKEN, kubeconfigOf } from "./kubernetes/kubeconfig.ts";
import { KUBERNETES_PREFIX, type KubernetesStandIn, registerKubernetes } from "./kubernetes/stand-in.ts";
import { registerPage } from "./page/index.ts";
import { registerSlack, type SlackStandIn, type SlackStandInOptions } from "./slack/stand-in.ts";

export interface Sandbox extends RunningService {
  /** Where the page and everything else is, without a slash at the end. */
  url: string;
  slack: SlackStandIn;
  github: GitHubStandIn;
  claude: ClaudeStandIn;
  gcs: GcsStandIn;
  /** Unless the settings leave it out. */
  kubernetes: KubernetesStandIn | undefined;
}

/** What tests may set beside the settings: shorter limits of the Slack stand-in. */
export type SandboxOverrides = Partial<
  Pick<SlackStandInOptions, "streamLifetimeMs" | "retryDelaysMs" | "answerTimeoutMs" | "rateLimits" | "latencyMs">
>;

/** All stand-ins, the control API and the page on one port. */
export async function compose(
  config: SandboxConfig,
  logger: Logger,
  overrides: SandboxOverrides = {},
): Promise<Sandbox> {
  const dataDir = resolve(config.SANDBOX_DATA_DIR);
  await mkdir(dataDir, { recursive: true });

  const server = Fastify({ forceCloseConnections: true });
  // The stand-ins give out absolute addresses, but only once somebody asks them: then the port is known.
  const publicUrl = () => config.SANDBOX_PUBLIC_URL ?? `http://127.0.0.1:${portOf(server)}`;
  const servicesUrl = () => config.SANDBOX_SERVICES_URL ?? publicUrl();
  const names = {
    boundTo: config.SANDBOX_HOST,
    publicUrl: config.SANDBOX_PUBLIC_URL,
    servicesUrl: config.SANDBOX_SERVICES_URL,
  };
  server.addHook("onRequest", async (request, reply) => {
    if (isForSandbox(request.headers.host, names)) return;
    return reply.code(421).send({
      ok: false,
      error: "The sandbox answers to 127.0.0.1, localhost, SANDBOX_PUBLIC_URL and SANDBOX_SERVICES_URL.",
    });
  });
  server.addHook("onError", async (request, _reply, error) => {
    // The stand-ins' own refusals carry a status: they are answers, not faults of the sandbox.
    const isAnswer = "statusCode" in error || "status" in error;
    if (!isAnswer) logger.error({ err: error, url: request.url }, "request-failed");
  });
  const slack = await registerSlack(server, {
    ...slackOptions(config),
    ...overrides,
    dataDir,
    publicUrl,
    servicesUrl,
  });
  const github = await registerGitHub(server, {
    dataDir,
    token: config.GITHUB_TOKEN.reveal(),
    organization: config.GITHUB_ORGANIZATION,
    publicUrl,
  });
  const gcs = await registerGcs(server, { dataDir, bucket: config.GCS_BUCKET });
  const claude = await registerClaude(server, { apiKey: config.ANTHROPIC_API_KEY.reveal() });
  await registerControl(server, { slack, github, claude, gcs });
  await registerPage(server, { pulls: github.pulls });
  const kubernetes = config.SANDBOX_KUBERNETES ? await playCluster(server, config, dataDir) : undefined;
  await server.listen({ host: config.SANDBOX_HOST, port: config.SANDBOX_PORT });
  if (kubernetes !== undefined) {
    const place = { url: `${publicUrl()}${KUBERNETES_PREFIX}`, token: KUBERNETES_TOKEN, namespace: "peerbot-workers" };
    await writeFile(join(dataDir, "kubeconfig.yaml"), kubeconfigOf(place), { mode: 0o600 });
  }
  logger.info({ url: publicUrl(), dataDir, slackDelivery: config.SLACK_DELIVERY }, "sandbox-listening");

  return {
    url: publicUrl(),
    slack,
    github,
    claude,
    gcs,
    kubernetes,
    async [Symbol.asyncDispose]() {
      await slack[Symbol.asyncDispose]();
      await kubernetes?.[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

/** Every image of the cluster is the same program. */
function playCluster(server: FastifyInstance, config: SandboxConfig, dataDir: string): Promise<KubernetesStandIn> {
  const program = config.SANDBOX_POD_PROGRAM ?? fileURLToPath(new URL("../../worker/src/main.ts", import.meta.url));
  return registerKubernetes(server, {
    podSecurity: "restricted",
    dataDir,
    commandOf: () => [process.execPath, program],
    searchPath: config.PATH,
    token: KUBERNETES_TOKEN,
  });
}

function slackOptions(config: SandboxConfig): Omit<SlackStandInOptions, "dataDir" | "publicUrl" | "servicesUrl"> {
  return {
    botToken: config.SLACK_BOT_TOKEN.reveal(),
    appToken: config.SLACK_APP_TOKEN.reveal(),
    signingSecret: config.SLACK_SIGNING_SECRET.reveal(),
    delivery: config.SLACK_DELIVERY,
    eventsUrl: config.SLACK_EVENTS_URL,
    rateLimits: { isEnabled: config.SLACK_RATE_LIMITS, scale: config.SLACK_RATE_LIMIT_PERCENT / 100 },
    retryDelaysMs: config.SLACK_RETRY_SECONDS.map((seconds) => seconds * 1000),
  };
}
