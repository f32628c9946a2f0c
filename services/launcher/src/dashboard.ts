import { createHash, timingSafeEqual } from "node:crypto";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { FastifyAdapter } from "@bull-board/fastify";
import basicAuth from "@fastify/basic-auth";
import type { Secret } from "@peerbot/runtime";
import type { Queue } from "bullmq";
import type { FastifyInstance } from "fastify";

export interface DashboardOptions {
  queues: readonly Queue[];
  user: string;
  password: Secret;
}

const PATH = "/queues";

/** Serves Bull Board at `/queues` to whoever knows the password. */
export async function serveDashboard(server: FastifyInstance, { queues, user, password }: DashboardOptions) {
  const board = new FastifyAdapter();
  board.setBasePath(PATH);
  createBullBoard({ queues: queues.map((queue) => new BullMQAdapter(queue)), serverAdapter: board });
  // A scope of its own, so that the password is asked for here and not by /health.
  await server.register(
    async (guarded) => {
      await guarded.register(basicAuth, {
        authenticate: { realm: "Peerbot queues" },
        validate: async (givenUser: string, givenPassword: string) => {
          // Both are compared whatever the first says, each in the same time.
          const isRight = [isSame(givenUser, user), isSame(givenPassword, password.reveal())];
          if (isRight.includes(false)) throw Object.assign(new Error("wrong user or password"), { statusCode: 401 });
        },
      });
      guarded.addHook("onRequest", guarded.basicAuth);
      await guarded.register(board.registerPlugin());
    },
    { prefix: PATH },
  );
}

/** Compares hashes, so that neither length nor content shows in the time it takes. */
function isSame(given: string, right: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(right));
}
