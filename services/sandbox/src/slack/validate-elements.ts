import { checkText, isShape, listOf, type Report, type Shape } from "./block-shape.ts";

const MAX_ACTION_ID = 255;
const MAX_VALUE = 2000;
const STYLES = ["primary", "danger"];
const OTHER_ELEMENTS = [
  "datepicker",
  "timepicker",
  "datetimepicker",
  "plain_text_input",
  "number_input",
  "email_text_input",
  "url_text_input",
  "file_input",
  "rich_text_input",
  "workflow_button",
];

type Check = (element: Shape, at: string, report: Report) => void;

const CHECKS: Record<string, Check> = {
  button: checkButton,
  image: checkImage,
  feedback_buttons: checkFeedback,
  icon_button: ({ text }, at, report) => checkText(text, { max: 75, plainOnly: true }, `${at}/text`, report),
  overflow: checkOptions(5),
  checkboxes: checkOptions(10),
  radio_buttons: checkOptions(10),
  static_select: checkOptions(100),
  multi_static_select: checkOptions(100),
};

/** Interactive elements and images within blocks. */
export function checkElement(element: unknown, at: string, report: Report): void {
  if (!isShape(element)) {
    report("missing required field", at);
    return;
  }
  const type = String(element.type);
  checkLength(element.action_id, MAX_ACTION_ID, `${at}/action_id`, report);
  const isSelect = /^(multi_)?(users|conversations|channels|external)_select$/.test(type);
  const check = CHECKS[type];
  if (check !== undefined) check(element, at, report);
  else if (!isSelect && !OTHER_ELEMENTS.includes(type)) report(`unsupported type: ${type}`, `${at}/type`);
}

function checkButton(button: Shape, at: string, report: Report): void {
  checkText(button.text, { max: 75, plainOnly: true }, `${at}/text`, report);
  checkLength(button.value, MAX_VALUE, `${at}/value`, report);
  checkLength(button.url, 3000, `${at}/url`, report);
  checkLength(button.accessibility_label, 75, `${at}/accessibility_label`, report);
  if (button.style !== undefined && !STYLES.includes(String(button.style))) {
    report("must be one of `primary`, `danger`", `${at}/style`);
  }
  if (isShape(button.confirm)) {
    checkText(button.confirm.title, { max: 100, plainOnly: true }, `${at}/confirm/title`, report);
    checkText(button.confirm.text, { max: 300 }, `${at}/confirm/text`, report);
  }
}

function checkImage(image: Shape, at: string, report: Report): void {
  if (typeof image.alt_text !== "string") report("missing required field: alt_text", at);
  if (image.image_url === undefined && image.slack_file === undefined) report("missing required field: image_url", at);
}

function checkOptions(max: number): Check {
  return ({ options, option_groups }, at, report) => {
    const list = listOf(options);
    if (list.length === 0 && option_groups === undefined) report("missing required field: options", at);
    if (list.length > max) report(`no more than ${max} items allowed`, `${at}/options`);
    for (const [index, option] of list.entries()) checkOption(option, `${at}/options/${index}`, report);
  };
}

function checkOption(option: unknown, at: string, report: Report): void {
  if (!isShape(option)) {
    report("must be an object", at);
    return;
  }
  checkText(option.text, { max: 75 }, `${at}/text`, report);
  if (typeof option.value !== "string") report("missing required field: value", at);
  checkLength(option.value, 150, `${at}/value`, report);
}

function checkFeedback(element: Shape, at: string, report: Report): void {
  for (const name of ["positive_button", "negative_button"]) {
    const button = element[name];
    if (!isShape(button)) report(`missing required field: ${name}`, at);
    else {
      checkText(button.text, { max: 75, plainOnly: true }, `${at}/${name}/text`, report);
      checkLength(button.value, MAX_VALUE, `${at}/${name}/value`, report);
    }
  }
}

function checkLength(value: unknown, max: number, at: string, report: Report): void {
  if (value === undefined) return;
  if (typeof value !== "string") report("must be a string", at);
  else if (value.length > max) report(`must be less than ${max + 1} characters`, at);
}

/** Every element of a block that can be acted on, nested blocks included. */
export function elementsOf(block: unknown): Shape[] {
  if (!isShape(block)) return [];
  const nested = [...listOf(block.child_blocks), ...(block.type === "carousel" ? listOf(block.elements) : [])];
  const own = [
    ...(block.type === "carousel" ? [] : listOf(block.elements)),
    ...listOf(block.actions),
    block.accessory,
    block.element,
  ];
  return [...own.filter(isShape), ...nested.flatMap((child) => elementsOf(child))];
}

/** The action ids of a block; Slack wants them unique within their block only. */
export function actionIds(block: unknown): string[] {
  return elementsOf(block).flatMap(({ action_id }) => (typeof action_id === "string" ? [action_id] : []));
}
