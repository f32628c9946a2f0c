import { z } from "zod";
import type { Shape } from "../slack/block-shape.ts";
import { checkView } from "../slack/methods/views.ts";
import type { View } from "../slack/model.ts";
import type { SlackStandIn } from "../slack/stand-in.ts";
import { wireView } from "../slack/wire-view.ts";
import type { ClickInView, DeedResult, SubmitView } from "./api.ts";
import { chosen, elementIn } from "./choose.ts";
import { ControlProblem } from "./control-problem.ts";
import { answerOf } from "./interact.ts";
import { personOf } from "./resolve.ts";

/** What an app may answer to a submission. */
const SubmissionAnswer = z.discriminatedUnion("response_action", [
  z.object({ response_action: z.literal("errors"), errors: z.record(z.string(), z.string()) }),
  z.object({
    response_action: z.enum(["update", "push"]),
    view: z.looseObject({ type: z.literal("modal"), blocks: z.array(z.unknown()) }),
  }),
  z.object({ response_action: z.literal("clear") }),
]);

/** Submits a modal, or closes it. It stays open when the app answers with errors, or with another view. */
export async function submitView(request: z.output<typeof SubmitView>, slack: SlackStandIn): Promise<DeedResult> {
  const { services } = slack;
  const view = viewOf(request, slack);
  if (view.kind !== "modal") throw new ControlProblem(`${view.id} is a Home tab; only a modal can be submitted`);
  if (request.close) {
    closeView(view, slack);
    if (view.body.notify_on_close !== true) return { ok: true, deliveries: [] };
    return answerOf(await services.interactivity.close(view));
  }
  const done = await services.interactivity.submit(view, valuesOf(view, request.values, slack));
  const answer = SubmissionAnswer.safeParse(done.outcome.body).data;
  const isRefused = done.entry.status === "failed" || answer?.response_action === "errors";
  if (answer !== undefined && "view" in answer) replaceView(view, answer.view, slack);
  else if (!isRefused) closeView(view, slack);
  return answerOf(done);
}

/** Clicks or chooses within a modal or Home tab. */
export async function clickInView(request: z.output<typeof ClickInView>, slack: SlackStandIn): Promise<DeedResult> {
  const { workspace, services } = slack;
  const view = viewOf(request, slack);
  const { element, blockId } = elementIn(wireView(view, workspace).blocks, request.actionId, request.blockId);
  const place = { action_id: request.actionId, block_id: blockId, action_ts: workspace.nextTs() };
  const action = { ...chosen(element, request.value), ...place };
  return answerOf(await services.interactivity.actInView(view, { user: view.user, action }));
}

function viewOf({ user, viewId }: { user: string; viewId: string }, { workspace }: SlackStandIn): View {
  const person = personOf(user, workspace);
  const view = workspace.views.get(viewId);
  if (view === undefined || view.user !== person.id)
    throw new ControlProblem(`${person.name} has no open view ${viewId}`);
  return view;
}

function valuesOf(view: View, values: z.output<typeof SubmitView>["values"], { workspace }: SlackStandIn) {
  const { blocks } = wireView(view, workspace);
  const typed: Record<string, Shape> = {};
  for (const [blockId, actions] of Object.entries(values)) {
    for (const [actionId, value] of Object.entries(actions)) {
      const { element } = elementIn(blocks, actionId, blockId);
      typed[blockId] = { ...typed[blockId], [actionId]: chosen(element, value) };
    }
  }
  return typed;
}

function closeView(view: View, { workspace }: SlackStandIn): void {
  workspace.views.delete(view.id);
  workspace.announce({ type: "view", view, closed: true });
}

function replaceView(view: View, body: { type: "modal"; blocks: unknown[] }, { workspace }: SlackStandIn): void {
  const next = { ...view, body: checkView(body) };
  workspace.views.set(view.id, next);
  workspace.announce({ type: "view", view: next, closed: false });
}
