import { CommonConfig, flag, httpUrl, port, secret, wholeNumber } from "@peerbot/runtime";
import { z } from "zod";

/** The sandbox's settings. Its credentials are no secrets: they only show that a client sends the right one. */
export const SandboxConfig = z.object({
  ...CommonConfig.shape,
  SANDBOX_HOST: z.string().default("127.0.0.1").describe("Address the sandbox binds to; it is meant for one machine."),
  SANDBOX_PORT: port().default(3100).describe("Port of the page and of all stand-ins; 0 picks a free one."),
  SANDBOX_PUBLIC_URL: httpUrl()
    .optional()
    .describe("Address under which others reach the sandbox, when it is not http://127.0.0.1 and the port."),
  SANDBOX_SERVICES_URL: httpUrl()
    .optional()
    .describe(
      "Address under which Peerbot's services reach the sandbox, when it is not the one for people; it then answers to no other names.",
    ),
  SANDBOX_DATA_DIR: z
    .string()
    .default(".cache/sandbox")
    .describe("Folder that keeps threads, repositories and objects between runs."),
  SLACK_BOT_TOKEN: secret().prefault("xoxb-sandbox").describe("Bot token Slack accepts; xoxb-sandbox when unset."),
  SLACK_APP_TOKEN: secret()
    .prefault("xapp-sandbox")
    .describe("App token Slack accepts for Socket Mode; xapp-sandbox when unset."),
  SLACK_SIGNING_SECRET: secret()
    .prefault("sandbox-signing-secret")
    .describe("Signs what Slack delivers over HTTP; sandbox-signing-secret when unset."),
  SLACK_DELIVERY: z
    .enum(["http", "socket"], { error: "must be http or socket" })
    .default("http")
    .describe("How Slack delivers: signed requests to SLACK_EVENTS_URL, or Socket Mode connections."),
  SLACK_EVENTS_URL: httpUrl()
    .default("http://127.0.0.1:3000/slack/events")
    .describe("Where Slack delivers events, interactivity and commands."),
  SLACK_RATE_LIMITS: flag().default(true).describe("Whether Slack refuses calls above its rate limits."),
  SLACK_RATE_LIMIT_PERCENT: wholeNumber({ min: 1, max: 10_000 })
    .default(100)
    .describe("Slack's rate limits, as a percentage of the published ones."),
  SLACK_RETRY_SECONDS: z
    .string()
    .regex(/^\d+(,\d+)*$/, "must be whole numbers with commas between them")
    .default("0,60,300")
    .transform((value) => value.split(",").map(Number))
    .describe("When Slack repeats a refused event, in seconds after the attempt before; 0,60,300 as the real one."),
  GITHUB_TOKEN: secret().prefault("ghp_sandbox").describe("Token GitHub accepts; ghp_sandbox when unset."),
  GITHUB_ORGANIZATION: z.string().default("peerbot-sandbox").describe("Organization that exists from the start."),
  ANTHROPIC_API_KEY: secret()
    .prefault("sk-ant-sandbox")
    .describe("Key the Claude API accepts; sk-ant-sandbox when unset."),
  GCS_BUCKET: z.string().default("peerbot-sandbox").describe("Bucket that exists from the start."),
  SANDBOX_KUBERNETES: flag()
    .default(false)
    .describe("Whether a Kubernetes cluster is played too, at /kubernetes; its kubeconfig is in the data folder."),
  SANDBOX_POD_PROGRAM: z
    .string()
    .optional()
    .describe("What every image of the played cluster holds: a program that this Node runs; the worker when unset."),
  PATH: z.string().default("/usr/local/bin:/usr/bin:/bin").describe("Where pods of the played cluster find programs."),
});
export type SandboxConfig = z.infer<typeof SandboxConfig>;
