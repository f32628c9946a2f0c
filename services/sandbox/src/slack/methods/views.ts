import { randomBytes } from "node:crypto";
import { z } from "zod";
import { json } from "../arguments.ts";
import { checkText } from "../block-shape.ts";
import { type Answer, defineMethod } from "../method.ts";
import type { View } from "../model.ts";
import type { SlackServices } from "../services.ts";
import { explainedFailure, SlackFailure } from "../slack-failure.ts";
import { validateBlocks } from "../validate-blocks.ts";
import { wireView } from "../wire-view.ts";

const MAX_BLOCKS = 100;

const ViewArgument = json(
  z.looseObject({
    type: z.enum(["modal", "home"]),
    blocks: z.array(z.unknown()),
    callback_id: z.string().max(255).optional(),
    private_metadata: z.string().max(3000).optional(),
  }),
);

const open = defineMethod({
  name: "views.open",
  limit: "tier-4",
  args: z.object({ trigger_id: z.string(), view: ViewArgument }),
  run: ({ trigger_id, view }, services) => show({ trigger_id, view }, services),
});

/** A pushed view lies on top of the others; here each open view is one of its own. */
const push = defineMethod({
  name: "views.push",
  limit: "tier-4",
  args: z.object({ trigger_id: z.string(), view: ViewArgument }),
  run: ({ trigger_id, view }, services) => show({ trigger_id, view }, services),
});

const update = defineMethod({
  name: "views.update",
  limit: "tier-4",
  args: z.object({
    view_id: z.string().optional(),
    external_id: z.string().optional(),
    hash: z.string().optional(),
    view: ViewArgument,
  }),
  run(args, { workspace }): Answer {
    const known = [...workspace.views.values()].find(
      ({ id, body }) =>
        id === args.view_id || (args.external_id !== undefined && body.external_id === args.external_id),
    );
    if (known === undefined) throw new SlackFailure("not_found");
    if (args.hash !== undefined && args.hash !== known.hash) throw new SlackFailure("hash_conflict");
    const view: View = { ...known, hash: newHash(), body: checkView(args.view) };
    workspace.views.set(view.id, view);
    workspace.announce({ type: "view", view, closed: false });
    return { view: wireView(view, workspace) };
  },
});

const publish = defineMethod({
  name: "views.publish",
  limit: "tier-4",
  args: z.object({ user_id: z.string(), hash: z.string().optional(), view: ViewArgument }),
  run(args, { workspace }): Answer {
    workspace.mustBePerson(args.user_id);
    if (args.view.type !== "home") throw explainedFailure("invalid_arguments", ["views.publish takes a `home` view"]);
    const known = workspace.homeOf(args.user_id);
    if (args.hash !== undefined && args.hash !== known?.hash) throw new SlackFailure("hash_conflict");
    const view = newView({ id: known?.id ?? newId(), user: args.user_id, kind: "home", body: checkView(args.view) });
    workspace.views.set(view.id, view);
    workspace.announce({ type: "view", view, closed: false });
    return { view: wireView(view, workspace) };
  },
});

function show(args: { trigger_id: string; view: z.infer<typeof ViewArgument> }, services: SlackServices): Answer {
  const { workspace, interactivity } = services;
  if (args.view.type !== "modal") throw explainedFailure("invalid_arguments", ["only a `modal` view can be opened"]);
  const body = checkView(args.view);
  const view = newView({ id: newId(), user: interactivity.exchangeTrigger(args.trigger_id), kind: "modal", body });
  workspace.views.set(view.id, view);
  workspace.announce({ type: "view", view, closed: false });
  return { view: wireView(view, workspace) };
}

/** @throws SlackFailure invalid_arguments, invalid_blocks */
export function checkView(view: z.infer<typeof ViewArgument>): View["body"] {
  const problems: string[] = [];
  const report = (message: string, pointer: string) => void problems.push(`${message} [json-pointer:${pointer}]`);
  if (view.type === "modal") {
    checkText(view.title, { max: 24, plainOnly: true }, "/view/title", report);
    if (view.submit !== undefined) checkText(view.submit, { max: 24, plainOnly: true }, "/view/submit", report);
    const hasInput = view.blocks.some(
      (block) => typeof block === "object" && block !== null && Reflect.get(block, "type") === "input",
    );
    if (hasInput && view.submit === undefined)
      report("`submit` is required when an `input` block is within blocks", "/view");
  }
  if (problems.length > 0) throw explainedFailure("invalid_arguments", problems);
  return { ...view, blocks: validateBlocks(view.blocks, { maxBlocks: MAX_BLOCKS }) };
}

function newView(fields: Omit<View, "hash">): View {
  return { ...fields, hash: newHash() };
}

function newId(): string {
  return `V${randomBytes(5).toString("hex").toUpperCase()}`;
}

function newHash(): string {
  return randomBytes(6).toString("hex");
}

export const viewMethods = [open, push, update, publish];
