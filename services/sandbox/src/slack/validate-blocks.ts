import { checkText, isShape, listOf, type Report, type Shape } from "./block-shape.ts";
import type { Block } from "./model.ts";
import { explainedFailure } from "./slack-failure.ts";
import { actionIds, checkElement } from "./validate-elements.ts";

type Problem = { message: string; pointer: string };

export interface BlockLimits {
  /** 50 in messages, 100 in modals. */
  maxBlocks: number;
}

const MAX_MARKDOWN = 12_000;

/**
 * Blocks the way Slack checks them.
 * @throws SlackFailure invalid_blocks with every mistake, or msg_blocks_too_long
 */
export function validateBlocks(blocks: readonly unknown[], { maxBlocks }: BlockLimits = { maxBlocks: 50 }): Block[] {
  const problems: Problem[] = [];
  const report: Report = (message, pointer) => void problems.push({ message, pointer });
  if (blocks.length > maxBlocks) report(`no more than ${maxBlocks} items allowed`, "/blocks");
  for (const [index, block] of blocks.entries()) checkBlock(block, `/blocks/${index}`, report);
  checkUnique(
    blocks.map((block) => idOf(block)),
    "block_id",
    report,
  );
  for (const [index, block] of blocks.entries()) checkUnique(actionIds(block), "action_id", report, `/blocks/${index}`);
  if (problems.length > 0) {
    const failure = explainedFailure(
      "invalid_blocks",
      problems.map(({ message, pointer }) => `${message} [json-pointer:${pointer}]`),
    );
    failure.details.errors = problems.map(({ message, pointer }) => `${message} [json-pointer:${pointer}]`);
    throw failure;
  }
  const markdown = blocks.filter(isShape).filter(({ type }) => type === "markdown");
  const length = markdown.reduce((sum, { text }) => sum + String(text).length, 0);
  if (length > MAX_MARKDOWN) {
    throw explainedFailure("msg_blocks_too_long", [`markdown blocks may hold ${MAX_MARKDOWN} characters together`]);
  }
  return blocks as Block[];
}

const CHECKS: Record<string, (block: Shape, at: string, report: Report) => void> = {
  section(block, at, report) {
    if (block.text === undefined && block.fields === undefined) report("must define either `text` or `fields`", at);
    if (block.text !== undefined) checkText(block.text, { max: 3000 }, `${at}/text`, report);
    if (block.fields !== undefined) checkList(block.fields, { min: 1, max: 10 }, `${at}/fields`, report);
    for (const [index, field] of listOf(block.fields).entries()) {
      checkText(field, { max: 2000 }, `${at}/fields/${index}`, report);
    }
    if (block.accessory !== undefined) checkElement(block.accessory, `${at}/accessory`, report);
  },
  header: (block, at, report) => checkText(block.text, { max: 150, plainOnly: true }, `${at}/text`, report),
  divider() {},
  markdown(block, at, report) {
    if (typeof block.text !== "string" || block.text === "") report("missing required field: text", at);
  },
  actions(block, at, report) {
    checkList(block.elements, { min: 1, max: 25 }, `${at}/elements`, report);
    for (const [index, element] of listOf(block.elements).entries()) {
      checkElement(element, `${at}/elements/${index}`, report);
    }
  },
  context(block, at, report) {
    checkList(block.elements, { min: 1, max: 10 }, `${at}/elements`, report);
    for (const [index, element] of listOf(block.elements).entries()) {
      if (isShape(element) && element.type === "image") checkElement(element, `${at}/elements/${index}`, report);
      else checkText(element, { max: 3000 }, `${at}/elements/${index}`, report);
    }
  },
  context_actions(block, at, report) {
    checkList(block.elements, { min: 1, max: 5 }, `${at}/elements`, report);
    for (const [index, element] of listOf(block.elements).entries()) {
      checkElement(element, `${at}/elements/${index}`, report);
    }
  },
  image(block, at, report) {
    if (typeof block.alt_text !== "string") report("missing required field: alt_text", at);
    if (block.image_url === undefined && block.slack_file === undefined)
      report("missing required field: image_url", at);
  },
  input(block, at, report) {
    checkText(block.label, { max: 2000, plainOnly: true }, `${at}/label`, report);
    checkElement(block.element, `${at}/element`, report);
  },
  rich_text: (block, at, report) => checkList(block.elements, { min: 0, max: 1000 }, `${at}/elements`, report),
  alert(block, at, report) {
    checkText(block.text, { max: 3000 }, `${at}/text`, report);
    const levels = ["default", "info", "warning", "error", "success"];
    if (block.level !== undefined && !levels.includes(String(block.level))) report("unknown level", `${at}/level`);
  },
  card(block, at, report) {
    const parts = ["title", "subtitle", "body", "hero_image"].filter((name) => block[name] !== undefined);
    if (parts.length === 0) report("must define at least one of `title`, `subtitle`, `body`, `hero_image`", at);
    if (block.title !== undefined) checkText(block.title, { max: 150 }, `${at}/title`, report);
    if (block.subtitle !== undefined) checkText(block.subtitle, { max: 150 }, `${at}/subtitle`, report);
    if (block.body !== undefined) checkText(block.body, { max: 200 }, `${at}/body`, report);
    for (const [index, button] of listOf(block.actions).entries())
      checkElement(button, `${at}/actions/${index}`, report);
  },
  carousel(block, at, report) {
    checkList(block.elements, { min: 1, max: 10 }, `${at}/elements`, report);
    for (const [index, card] of listOf(block.elements).entries()) checkBlock(card, `${at}/elements/${index}`, report);
  },
  container(block, at, report) {
    checkList(block.child_blocks, { min: 1, max: 50 }, `${at}/child_blocks`, report);
    for (const [index, child] of listOf(block.child_blocks).entries()) {
      checkBlock(child, `${at}/child_blocks/${index}`, report);
    }
  },
  table(block, at, report) {
    checkList(block.rows, { min: 1, max: 100 }, `${at}/rows`, report);
    for (const [index, row] of listOf(block.rows).entries())
      checkList(row, { min: 1, max: 20 }, `${at}/rows/${index}`, report);
    if (JSON.stringify(block.rows ?? []).length > 20_000)
      report("must hold no more than 10000 characters", `${at}/rows`);
  },
  data_table(block, at, report) {
    checkList(block.rows, { min: 1, max: 1000 }, `${at}/rows`, report);
    if (typeof block.caption !== "string") report("missing required field: caption", at);
  },
  task_card(block, at, report) {
    for (const name of ["task_id", "title", "status"]) {
      if (typeof block[name] !== "string") report(`missing required field: ${name}`, at);
    }
  },
  plan(block, at, report) {
    if (typeof block.title !== "string") report("missing required field: title", at);
    checkList(block.tasks ?? [], { min: 0, max: 50 }, `${at}/tasks`, report);
  },
  video(block, at, report) {
    for (const name of ["video_url", "thumbnail_url", "alt_text"]) {
      if (typeof block[name] !== "string") report(`missing required field: ${name}`, at);
    }
    checkText(block.title, { max: 200, plainOnly: true }, `${at}/title`, report);
  },
};

function checkBlock(block: unknown, at: string, report: Report): void {
  if (!isShape(block)) {
    report("must be an object", at);
    return;
  }
  const check = CHECKS[String(block.type)];
  if (check === undefined) {
    report(`unsupported type: ${String(block.type)}`, `${at}/type`);
    return;
  }
  const id = block.block_id;
  if (id !== undefined && (typeof id !== "string" || id.length > 255))
    report("must be less than 256 characters", `${at}/block_id`);
  check(block, at, report);
}

function checkList(list: unknown, { min, max }: { min: number; max: number }, at: string, report: Report): void {
  if (!Array.isArray(list)) report("missing required field", at);
  else if (list.length < min) report(`no fewer than ${min} items allowed`, at);
  else if (list.length > max) report(`no more than ${max} items allowed`, at);
}

function checkUnique(ids: readonly (string | undefined)[], name: string, report: Report, at = "/blocks"): void {
  const given = ids.filter((id) => id !== undefined);
  const repeated = new Set(given.filter((id, index) => given.indexOf(id) !== index));
  for (const id of repeated) report(`\`${name}\` "${id}" already exists`, at);
}

function idOf(block: unknown): string | undefined {
  return isShape(block) && typeof block.block_id === "string" ? block.block_id : undefined;
}
