import type { Person, PullRequest, Repository } from "@peerbot/contracts";
import type { Secret } from "@peerbot/runtime";

/** Where people's repositories live. Every failure is a `GitHostError`; each call may be made again after a failure. */
export interface GitHost {
  /**
   * The person's own repository, made private with its first files when it does not exist. The same person always gets
   * the same one, whatever they are called now; two people never share one.
   */
  ensureRepository(person: Person): Promise<Repository>;
  /**
   * Opens a pull request from head to base, or updates title and body of the open one for that head.
   * @throws GitHostError `nothing-to-merge`, `branch-missing`, `repository-deleted`.
   */
  openPullRequest(request: PullRequestRequest): Promise<PullRequest>;
  /** Address for git itself and the `Authorization` header that a proxy must add. */
  gitAccess(repository: Pick<Repository, "owner" | "name">): Promise<GitAccess>;
  /** @throws GitHostError saying why nothing can be done at present. */
  checkReady(): Promise<void>;
}

export interface PullRequestRequest {
  repository: Repository;
  /** Branch with the changes. */
  head: string;
  /** Branch to merge into. */
  base: string;
  title: string;
  /** Markdown. */
  body: string;
}

export interface GitAccess {
  url: string;
  authorization: Secret;
}
