import type { Patience } from "./kubernetes-settings.ts";
import type { StartTrouble } from "./start-trouble.ts";

/** Counts for how long a worker has had trouble to come up. */
export function createPatience({ roomSeconds, troubleSeconds }: Pick<Patience, "roomSeconds" | "troubleSeconds">) {
  let since: { kind: StartTrouble["kind"]; at: number } | undefined;
  return {
    /** True once this kind of trouble has lasted too long; `now` in milliseconds since 1970. */
    isOver({ kind }: StartTrouble, now: number): boolean {
      if (since?.kind !== kind) since = { kind, at: now };
      return now - since.at >= (kind === "room" ? roomSeconds : troubleSeconds) * 1_000;
    },
    /** The trouble has passed. */
    reset(): void {
      since = undefined;
    },
  };
}
