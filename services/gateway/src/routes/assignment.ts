import type { Assignment } from "@peerbot/contracts";
import { assignmentOf, type SessionRuns } from "@peerbot/session-log";
import type { FastifyInstance } from "fastify";
import { claimsOf, preparedRunOf } from "../authenticate.ts";

export interface AssignmentPorts {
  runs: SessionRuns;
  /** What every run is told to use; undefined leaves it to the agent. */
  model: string | undefined;
}

/** GET /v1/assignment: what the run is to do and for whom. */
export function addAssignmentRoute(scope: FastifyInstance, { runs, model }: AssignmentPorts): void {
  scope.get("/assignment", async (request): Promise<Assignment> => {
    return assignmentOf(await preparedRunOf(runs, claimsOf(request)), model);
  });
}
