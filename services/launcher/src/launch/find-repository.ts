import type { Failure, Person, Repository } from "@peerbot/contracts";
import type { GitHost } from "@peerbot/git-host";
import { AppError } from "@peerbot/runtime";
import type { RepositoryMemory } from "./repository-memory.ts";

export interface FindRepositoryPorts {
  gitHost: Pick<GitHost, "ensureRepository">;
  memory: RepositoryMemory;
}

export interface FindRepositoryOptions {
  /** Pauses between the tries, in milliseconds: about two minutes together. */
  pausesMs?: readonly number[];
  /** Called once, when the first try failed and another one will be made. */
  onTrying: () => Promise<void>;
  /** Waits, and says whether it is still worth going on. */
  pause: (milliseconds: number) => Promise<"go-on" | "give-up">;
}

const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 30_000, 30_000];

/** The person's repository, made if there is none. A git host that is away for a moment is asked again. @throws what it said last. */
export async function findRepository(
  person: Person,
  { gitHost, memory }: FindRepositoryPorts,
  { pausesMs = PAUSES_MS, onTrying, pause }: FindRepositoryOptions,
): Promise<Repository | "given-up"> {
  const remembered = await memory.get(person);
  if (remembered !== undefined) return remembered;
  for (let tries = 0; ; tries++) {
    try {
      const repository = await gitHost.ensureRepository(person);
      await memory.set(person, repository);
      return repository;
    } catch (error) {
      const pauseMs = pausesMs[tries];
      if (pauseMs === undefined || !(error instanceof AppError && error.retryable)) throw error;
      if (tries === 0) await onTrying();
      if ((await pause(pauseMs)) === "give-up") return "given-up";
    }
  }
}

/** What a person is told when there is no repository to work in. Bugs are not explained to them. */
export function failureOfRepository(error: unknown): Failure {
  if (!(error instanceof AppError)) {
    return {
      code: "repository-unavailable",
      message: "The repository could not be prepared, so nothing was started.",
      hint: "Reply here to try again; if it stays so, whoever runs Peerbot has to look at this.",
    };
  }
  const hint = "hint" in error && typeof error.hint === "string" ? error.hint : undefined;
  const again = error.retryable ? "Reply here in a few minutes to try again." : undefined;
  return {
    code: error.code,
    message: error.message,
    hint: hint ?? again ?? "Whoever runs Peerbot has to look at this.",
  };
}
