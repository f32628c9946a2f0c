import type { AnyChunk, KnownBlock, TaskUpdateChunk } from "@slack/types";
import { shortened } from "../markdown/inert-text.ts";
import type { SlackMessage } from "./message.ts";

/** One row of the plan. All texts are plain and already inert. */
export interface PlanRow {
  id: string;
  title: string;
  status: TaskUpdateChunk["status"];
  details?: string | undefined;
}

/** What a progress message holds: the plan above, sanitised Markdown below. */
export interface Progress {
  title: string;
  rows: readonly PlanRow[];
  markdown: string;
}

const MARKS = { pending: "○", in_progress: "◐", complete: "✓", error: "✗" } as const;

/** The plan's changes as chunks of a stream: they may be sent again without harm. */
export function planChunks(title: string | undefined, rows: readonly PlanRow[]): AnyChunk[] {
  const heading: AnyChunk[] = title === undefined ? [] : [{ type: "plan_update", title }];
  return [...heading, ...rows.map((row): AnyChunk => ({ type: "task_update", ...withoutUndefined(row) }))];
}

/** The whole message as blocks: how a streamed message reads after it was stopped. */
export function progressBlocks({ title, rows, markdown }: Progress): SlackMessage {
  const plan: KnownBlock[] =
    rows.length === 0
      ? []
      : [{ type: "plan", title, tasks: rows.map(({ id, details, ...row }) => taskCard(id, row, details)) }];
  const answer: KnownBlock[] = markdown === "" ? [] : [{ type: "markdown", text: markdown }];
  const blocks = [...plan, ...answer];
  return {
    text: shortened([title, markdown].filter(Boolean).join("\n"), 3_000),
    blocks: blocks.length === 0 ? [{ type: "markdown", text: title }] : blocks,
  };
}

/** The whole message as Markdown, for a Slack that takes neither streams nor plans. */
export function progressMarkdown({ title, rows, markdown }: Progress): string {
  const lines = rows.map(
    ({ title: row, status, details }) => `- ${MARKS[status]} ${row}${details ? ` (${details})` : ""}`,
  );
  const plan = rows.length === 0 && markdown !== "" ? [] : [`**${title}**`, ...lines];
  return [plan.join("\n"), markdown].filter(Boolean).join("\n\n");
}

function taskCard(id: string, row: { title: string; status: TaskUpdateChunk["status"] }, details: string | undefined) {
  return {
    type: "task_card" as const,
    task_id: id,
    ...row,
    ...(details === undefined
      ? {}
      : {
          details: {
            type: "rich_text" as const,
            elements: [{ type: "rich_text_section" as const, elements: [{ type: "text" as const, text: details }] }],
          },
        }),
  };
}

function withoutUndefined({ details, ...row }: PlanRow): Omit<TaskUpdateChunk, "type"> {
  return { ...row, ...(details === undefined ? {} : { details }) };
}
