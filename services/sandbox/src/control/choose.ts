import { isShape, listOf, type Shape } from "../slack/block-shape.ts";
import { elementsOf } from "../slack/validate-elements.ts";
import { ControlProblem } from "./control-problem.ts";

export interface FoundElement {
  element: Shape;
  blockId: string;
}

/** The element with this action id. @throws ControlProblem naming those that there are */
export function elementIn(blocks: readonly Shape[], actionId: string, blockId: string | undefined): FoundElement {
  const all = blocks.flatMap((block) =>
    elementsOf(block).map((element) => ({ element, blockId: String(block.block_id) })),
  );
  const found = all.find(
    (each) => each.element.action_id === actionId && (blockId === undefined || each.blockId === blockId),
  );
  if (found !== undefined) return found;
  const known = all.map(({ element }) => element.action_id).filter((id) => id !== undefined);
  throw new ControlProblem(
    `there is nothing with action id ${actionId} here; there are: ${known.join(", ") || "none"}`,
  );
}

/**
 * What Slack reports when somebody uses an element: a button carries its own value, the others what was chosen.
 * @throws ControlProblem when nothing, or something that cannot be chosen, was chosen
 */
export function chosen(element: Shape, value: string | readonly string[] | undefined): Shape {
  const type = String(element.type);
  const values = value === undefined ? [] : Array.isArray(value) ? value : [String(value)];
  const [first] = values;
  if (type === "button" || type === "icon_button") {
    return { type, text: element.text, ...(element.value === undefined ? {} : { value: element.value }) };
  }
  if (first === undefined) throw new ControlProblem(`value: a ${type} needs the value that is chosen or typed`);
  if (type === "feedback_buttons") return { type, ...feedback(element, first) };
  if (/^(multi_(static|external)_select|checkboxes)$/.test(type)) {
    return { type, selected_options: values.map((each) => optionOf(element, each)) };
  }
  if (/^(static_select|external_select|overflow|radio_buttons)$/.test(type)) {
    return { type, selected_option: optionOf(element, first) };
  }
  const multiple = /^multi_(users|channels|conversations)_select$/.exec(type)?.[1];
  if (multiple !== undefined) return { type, [`selected_${multiple}`]: values };
  const single = /^(user|channel|conversation)s_select$/.exec(type)?.[1];
  if (single !== undefined) return { type, [`selected_${single}`]: first };
  if (type === "datepicker") return { type, selected_date: first };
  if (type === "timepicker") return { type, selected_time: first };
  if (type === "datetimepicker") return { type, selected_date_time: Number(first) };
  return { type, value: first };
}

function feedback(element: Shape, value: string): Shape {
  const buttons = [element.positive_button, element.negative_button].filter((button) => isShape(button));
  const found = buttons.find((button) => button.value === value);
  if (found !== undefined) return { value, text: found.text };
  throw new ControlProblem(`value: choose one of ${buttons.map((button) => String(button.value)).join(", ")}`);
}

function optionOf(element: Shape, value: string): Shape {
  const groups = listOf(element.option_groups).flatMap((group) => (isShape(group) ? listOf(group.options) : []));
  const options = [...listOf(element.options), ...groups].filter((option) => isShape(option));
  const found = options.find((option) => option.value === value);
  if (found !== undefined) return found;
  // The options of an external menu live in the app; whoever chooses one repeats its value.
  if (String(element.type).includes("external")) return { text: { type: "plain_text", text: value }, value };
  throw new ControlProblem(`value: choose one of ${options.map((option) => String(option.value)).join(", ")}`);
}
