import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { type ApiContext, bodyOf, type RepositoryRequest, repositoryOf, restOf } from "./api-context.ts";
import {
  deleteRef,
  isAncestor,
  isFullRef,
  listRefs,
  moveRef,
  NO_COMMIT,
  objectTypes,
  type Ref,
  requireSomeCommit,
  resolveCommit,
} from "./bare-repository.ts";
import { GitHubError, notFound } from "./github-error.ts";
import type { RepositoryRecord } from "./records.ts";

const Sha = z.string().regex(/^[0-9a-f]{40}$/, "is not a SHA");
const NewRef = z.object({ ref: z.string(), sha: Sha });
const RefChange = z.object({ sha: Sha, force: z.boolean().default(false) });

const GIT = "/repos/:owner/:repo/git";

/** Branches and tags as git has them. */
export function addGitRefRoutes(scope: FastifyInstance, context: ApiContext): void {
  const render = (record: RepositoryRecord, { name, sha, type }: Ref) => {
    const api = `${context.publicUrl()}/github/api/repos/${context.repositories.owner}/${record.name}/git`;
    return { ref: name, node_id: name, url: `${api}/${name}`, object: { sha, type, url: `${api}/${type}s/${sha}` } };
  };

  scope.get(`${GIT}/ref/*`, async (request: RepositoryRequest) => {
    const { record, directory } = await repositoryOf(context, request);
    const found = (await listRefs(directory, "refs/")).find(({ name }) => name === `refs/${restOf(request)}`);
    if (found === undefined) throw notFound();
    return render(record, found);
  });

  for (const url of [`${GIT}/matching-refs/*`, `${GIT}/refs`]) {
    scope.get(url, async (request: RepositoryRequest) => {
      const { record, directory } = await repositoryOf(context, request);
      return (await listRefs(directory, `refs/${restOf(request)}`)).map((ref) => render(record, ref));
    });
  }

  scope.post(`${GIT}/refs`, async (request: RepositoryRequest, reply) => {
    const { record, directory } = await repositoryOf(context, request);
    const { ref, sha } = bodyOf(request, NewRef, "Reference");
    await requireSomeCommit(directory);
    if (!isFullRef(ref)) throw new GitHubError(422, "Reference name is not well-formed. It must start with 'refs/'.");
    const [type] = await objectTypes(directory, [sha]);
    if (type === undefined) throw new GitHubError(422, "Object does not exist");
    const isMade = await moveRef(directory, { ref, to: sha, from: NO_COMMIT });
    if (!isMade) throw new GitHubError(422, "Reference already exists");
    await context.pulls.follow(record);
    return reply.code(201).send(render(record, { name: ref, sha, type }));
  });

  scope.patch(`${GIT}/refs/*`, async (request: RepositoryRequest) => {
    const { record, directory } = await repositoryOf(context, request);
    const { sha, force } = bodyOf(request, RefChange, "Reference");
    const ref = `refs/${restOf(request)}`;
    const from = await resolveCommit(directory, ref);
    if (from === undefined) throw new GitHubError(422, "Reference does not exist");
    const [type] = await objectTypes(directory, [sha]);
    if (type !== "commit") throw new GitHubError(422, "Object does not exist");
    const isForward = force || (await isAncestor(directory, from, sha));
    // The second look is git's own, under its lock: somebody may have moved the ref since.
    if (!isForward || !(await moveRef(directory, { ref, to: sha, from }))) {
      throw new GitHubError(422, "Update is not a fast forward");
    }
    await context.pulls.follow(record);
    return render(record, { name: ref, sha, type });
  });

  scope.delete(`${GIT}/refs/*`, async (request: RepositoryRequest, reply) => {
    const { record, directory } = await repositoryOf(context, request);
    const ref = `refs/${restOf(request)}`;
    if ((await resolveCommit(directory, ref)) === undefined) throw new GitHubError(422, "Reference does not exist");
    if (ref === `refs/heads/${record.defaultBranch}`) throw new GitHubError(422, "Cannot delete the default branch");
    await deleteRef(directory, ref);
    await context.pulls.follow(record);
    return reply.code(204).send();
  });
}
