import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { type Faults, injectFaults, type RequestRecord } from "../fault-injection.ts";
import type { ApiContext } from "./api-context.ts";
import { addGitHttp } from "./git-http.ts";
import { gitHubErrorBody } from "./github-error.ts";
import { openPullView, type PullRequestView, type PullView } from "./pull-view.ts";
import { openPulls } from "./pulls.ts";
import { openPushLedger, type Push } from "./push-ledger.ts";
import { openRecordFile } from "./record-file.ts";
import { openRepositories } from "./repositories.ts";
import { addRestApi } from "./rest-api.ts";

export type { PullRequestDiff, PullRequestView, PullView } from "./pull-view.ts";
export type { Push } from "./push-ledger.ts";

export interface GitHubOptions {
  /** Everything is kept in its folder `github` and survives a restart. */
  dataDir: string;
  /** The only one that is accepted. */
  token: string;
  organization: string;
  /** Where this server is, without a slash at the end; a function when that is known only later. */
  publicUrl: string | (() => string);
  /** How long the search does not know of a new repository, in milliseconds; 0 unless told. */
  searchDelayMs?: number;
}

export interface GitHubStandIn {
  /** Everything that was asked, of the API and of git, oldest first. */
  requests: readonly RequestRecord[];
  /** Every ref that was pushed, oldest first. */
  pushes: readonly Push[];
  faults: Faults;
  /** Pull requests for a page, newest first, with their diffs. */
  pulls: PullView;
  pullRequests(): PullRequestView[];
  diff: PullView["diff"];
}

/** Adds GitHub's REST API at `/github/api` and git over HTTP at `/github/git/{owner}/{repository}.git`. */
export async function registerGitHub(
  server: FastifyInstance,
  { dataDir, token, organization, publicUrl, searchDelayMs = 0 }: GitHubOptions,
): Promise<GitHubStandIn> {
  const directory = join(dataDir, "github");
  const root = join(directory, "repositories");
  mkdirSync(root, { recursive: true });
  const file = openRecordFile(join(directory, "github.json"));
  const repositories = openRepositories(root, organization, file);
  const pulls = openPulls(repositories, file);
  const ledger = openPushLedger(repositories);
  const urlOf = typeof publicUrl === "string" ? () => publicUrl : publicUrl;
  const context: ApiContext = { repositories, pulls, publicUrl: urlOf, searchDelayMs };
  const view = openPullView(context);
  const { promise, resolve } = Promise.withResolvers<GitHubStandIn>();

  await server.register(
    async (scope) => {
      const { faults, requests, losesAnswer } = injectFaults(scope, (status) => gitHubErrorBody(status));
      await scope.register(async (api) => addRestApi(api, context, token), { prefix: "/api" });
      const onPushed = async (record: Parameters<typeof pulls.follow>[0]) => {
        if (ledger.readNew(record).length > 0) record.pushedAt = new Date().toISOString();
        await pulls.follow(record);
      };
      const gitOptions = { repositories, root, token, onPushed, losesAnswer };
      await scope.register(async (git) => addGitHttp(git, gitOptions), { prefix: "/git" });
      const { pushes } = ledger;
      resolve({ faults, requests, pushes, pulls: view, pullRequests: () => view.all(), diff: view.diff });
    },
    { prefix: "/github" },
  );
  return promise;
}
