import { FAULT_POINTS, type FaultPoint } from "@peerbot/runtime";

export interface PointChoice {
  /** How often each point struck so far. */
  hits: ReadonlyMap<string, number>;
  /** Points that wait for somebody to come by. */
  armed: ReadonlySet<string>;
  /** Decides among equals. */
  choice: number;
  /** The points to choose from; all unless told. */
  points?: readonly FaultPoint[] | undefined;
}

const ALL: readonly FaultPoint[] = FAULT_POINTS.map(({ name }) => name);

/** One of the points that struck least often; undefined while all of them wait. */
export function choosePoint({ hits, armed, choice, points = ALL }: PointChoice): FaultPoint | undefined {
  const free = points.filter((name) => !armed.has(name));
  const fewest = Math.min(...free.map((name) => hits.get(name) ?? 0));
  const behind = free.filter((name) => (hits.get(name) ?? 0) === fewest);
  return behind[choice % behind.length];
}
