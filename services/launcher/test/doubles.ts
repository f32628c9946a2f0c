import type { Person, Repository } from "@peerbot/contracts";
import type { GitHost } from "@peerbot/git-host";
import type { UserDirectory } from "@peerbot/slack";

export interface MemoryGitHost extends Pick<GitHost, "ensureRepository" | "checkReady"> {
  /** User ids it was asked about, in order. */
  readonly asked: string[];
  /** Thrown by the next calls, one each. */
  readonly failures: Error[];
}

/** A git host where everybody has a repository. */
export function memoryGitHost(): MemoryGitHost {
  const asked: string[] = [];
  const failures: Error[] = [];
  return {
    asked,
    failures,
    async ensureRepository(person) {
      asked.push(person.id);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return repositoryOf(person);
    },
    checkReady: async () => {},
  };
}

export function repositoryOf({ id }: Pick<Person, "id">): Repository {
  const name = `user-${id.toLowerCase()}`;
  return { owner: "acme", name, defaultBranch: "main", webUrl: `https://git.test/acme/${name}` };
}

/** A directory that knows people by their ids only. */
export const nameless: UserDirectory = { personOf: async ({ team, id }) => ({ team, id, name: id }) };
