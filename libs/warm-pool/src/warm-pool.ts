import { SessionKey } from "@peerbot/contracts";
import { z } from "zod";

/** What the launchers of one version want to have ready. */
export const WarmPlan = z.object({
  /** Stands for everything that makes a warm worker fit; workers of another generation are not used. */
  generation: z.string(),
  /** How many workers are to wait, of all launchers together. */
  size: z.number().int().min(0),
});
export type WarmPlan = z.infer<typeof WarmPlan>;

/**
 * `starting`: reserved, its worker has not arrived. `ready`: it waits. `offered`: a run was given to it and it has not
 * taken it. `taken`: it works on its run. `leaving`: it gets no run any more.
 */
export const MemberState = z.enum(["starting", "ready", "offered", "taken", "leaving"]);
export type MemberState = z.infer<typeof MemberState>;

export const WarmMember = z.object({
  generation: z.string(),
  state: MemberState,
  /** When it was reserved, in milliseconds since 1970 by Redis' clock. */
  at: z.number(),
  /** When it last asked for a run. */
  seenAt: z.number().optional(),
  /** Name of the run it was given. */
  run: z.string().optional(),
});
export type WarmMember = z.infer<typeof WarmMember> & { name: string };

/** The run a member is given: what the gateway needs to let it in, and no credential. */
export const WarmOrder = z.object({ sessionKey: SessionKey, epoch: z.number().int() });
export type WarmOrder = z.infer<typeof WarmOrder>;

/** Which worker a run has: a member, or one started for it alone. */
export type Decision =
  /** `isNew` for the one caller that made the decision. */
  { kind: "warm"; member: string; isNew: boolean } | { kind: "cold" };

/**
 * The workers that wait. Each member gets one run at most, ever, and each run one worker: whoever starts the same run
 * meets the same decision, until it is released. The pool starts and ends no worker: that is its users' business.
 */
export interface WarmPool {
  /**
   * Puts a launcher's plan in force for a while; a new launcher's passes over that of others, who are being replaced.
   * Otherwise it only keeps its own in force, or follows one that lapsed. Gives the plan that holds now.
   */
  announce(plan: WarmPlan, options: { isNew: boolean }): Promise<WarmPlan>;
  /** Adds a member that is about to be started. `full`: enough are there, or the generation is not the plan's. */
  reserve(name: string, generation: string): Promise<"reserved" | "full">;
  members(): Promise<WarmMember[]>;
  /** `undefined` for a member nobody knows any more. */
  stateOf(name: string): Promise<MemberState | undefined>;

  /** A member's worker is there and waits from now on. The first call counts; `refused` after that and for unknown ones. */
  arrive(name: string): Promise<"ready" | "refused">;
  /** A waiting member asks: `over` when no run will come any more. */
  look(name: string): Promise<"waiting" | "offered" | "over">;
  /** The member takes the run it was offered; again after that (`isAgain`), since an answer may get lost. */
  take(name: string): Promise<{ order: WarmOrder; isAgain: boolean } | "over">;

  /**
   * Decides which worker a run gets: a ready member of that generation that asked lately, the one that waits longest.
   * Without a generation it is to have one of its own. A decision stands.
   */
  decide(run: string, order: WarmOrder, generation: string | undefined): Promise<Decision>;
  /** The member a run was given; `undefined` when it has a worker of its own. */
  memberOf(run: string): Promise<string | undefined>;
  /** Turns the decision to a worker of its own, unless the member has taken the run. */
  withdraw(run: string): Promise<"withdrawn" | "taken">;
  /** All decisions, with when they were made in milliseconds since 1970 by Redis' clock. */
  decisions(): Promise<{ run: string; member: string | undefined; at: number }[]>;
  /** Forgets the decision and its member: the run and its worker are gone. */
  release(run: string): Promise<void>;

  /** The member gets no run any more, unless it has one (`assigned`). */
  retire(name: string): Promise<"leaving" | "assigned" | "unknown">;
  /** Forgets a member whose worker is gone, unless it has a run: then that is the run's end. */
  drop(name: string): Promise<void>;
}
