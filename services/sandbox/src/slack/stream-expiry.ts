import type { Agenda } from "./agenda.ts";
import type { Message } from "./model.ts";
import type { Workspace } from "./workspace.ts";

/** Ends streams that outlive Slack's limit, busy or not: their messages stay visibly broken until updated. */
export interface StreamExpiry {
  watch(message: Message): void;
}

export function createStreamExpiry(options: {
  workspace: Workspace;
  agenda: Agenda;
  lifetimeMs: number;
}): StreamExpiry {
  const { workspace, agenda, lifetimeMs } = options;
  const watch = (message: Message) => {
    const startedAt = message.stream?.startedAt ?? workspace.now();
    agenda.after(Math.max(0, startedAt + lifetimeMs - workspace.now()), () => {
      const { stream } = message;
      if (stream === null || stream.state !== "in_progress" || stream.startedAt !== startedAt) return;
      workspace.change(message, "streamed", { stream: { ...stream, state: "errored" } });
    });
  };
  for (const message of workspace.state.messages) if (message.stream?.state === "in_progress") watch(message);
  return { watch };
}
