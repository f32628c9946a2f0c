import type { Context, RootHookObject, Suite } from "mocha";
import { countResources, describeLeftover, type ResourceCounts } from "./leaks.ts";
import { stopSharedRedis } from "./test-redis.ts";

const GRACE_MS = 3_000;
const EXIT_GRACE_MS = 5_000;

/**
 * Mocha's root hooks: a test file that leaves child processes, servers or connections behind fails, the Redis the
 * tests shared is ended, and a process that something still keeps alive says what that is.
 */
export const mochaHooks: RootHookObject = {
  beforeAll(this: Context) {
    const root = this.test?.parent;
    for (const suite of root?.suites ?? []) refuseLeaks(suite);
  },
  async afterAll(this: Context) {
    this.timeout(20_000);
    await stopSharedRedis();
    exitEvenIfHeld();
  },
};

function refuseLeaks(suite: Suite): void {
  let before: ResourceCounts = new Map();
  suite.beforeAll("looks at what runs already", () => {
    before = countResources();
  });
  // It must count before the suite's own hooks have started anything; there is no public way to prepend.
  const hooks: unknown = Reflect.get(suite, "_beforeAll");
  if (Array.isArray(hooks)) hooks.unshift(hooks.pop());

  suite.afterAll("leaves nothing running", async function () {
    this.timeout(GRACE_MS + 2_000);
    const leftover = await leftoverAfterGrace(before);
    if (leftover !== "") throw new Error(`${suite.file ?? suite.title} leaves running: ${leftover}`);
  });
}

async function leftoverAfterGrace(before: ResourceCounts): Promise<string> {
  const deadline = performance.now() + GRACE_MS;
  for (;;) {
    const leftover = describeLeftover(before, countResources());
    if (leftover === "" || performance.now() > deadline) return leftover;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Without it one forgotten connection would hang a build until its time limit, without a word. */
function exitEvenIfHeld(): void {
  const timer = setTimeout(() => {
    const held = [...new Set(process.getActiveResourcesInfo())].join(", ");
    process.stderr.write(`All tests ended, but something keeps the process alive: ${held}\n`);
    process.exit(1);
  }, EXIT_GRACE_MS);
  timer.unref();
}
