import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { messageOf } from "@peerbot/runtime";
import { isServiceName, SERVICE_NAMES, type ServiceName } from "./service-names.ts";
import type { Stack } from "./start-stack.ts";

/** What is typed while the stack runs: `r launcher` and Enter restarts one service. */
export function listenForCommands(
  input: Readable,
  { stack, say }: { stack: Pick<Stack, "restart">; say: (message: string) => void },
): Disposable {
  const lines = createInterface({ input });
  lines.on("line", (line) => {
    const [command, name = ""] = line.trim().split(/\s+/);
    if (command === "") return;
    if (command !== "r" || !isServiceName(name)) {
      say(`Type "r" and one of ${SERVICE_NAMES.join(", ")} to restart it.`);
      return;
    }
    void restart(name); // Reports its own failure.
  });

  async function restart(name: ServiceName): Promise<void> {
    try {
      say(`Restarting ${name} …`);
      await stack.restart(name);
      say(`${name} is ready again.`);
    } catch (error) {
      say(messageOf(error));
    }
  }

  return {
    [Symbol.dispose]: () => {
      lines.close();
      input.destroy();
    },
  };
}
