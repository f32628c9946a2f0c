import { html } from "../html.js";
import { markdownToHtml } from "../text.js";
import { Blocks, Html } from "./blocks.js";

const MARKS = { pending: "○", in_progress: "◐", complete: "✓", error: "!" };

function Task({ task }) {
  return html`<li class="task ${task.status}" data-task=${task.id}>
    <span class="mark" aria-label=${task.status}>${MARKS[task.status]}</span>
    <span class="title">${task.title}</span>
    ${task.details && html`<span class="details">${task.details}</span>`}
    ${task.output && html`<pre class="output">${task.output}</pre>`}
  </li>`;
}

function Plan({ stream, tasks }) {
  const done = tasks.filter((task) => task.status === "complete").length;
  const isRunning = stream.state === "in_progress";
  return html`<details class="plan" open=${isRunning || tasks.length <= 6}>
    <summary>
      <span class="plan-title">${stream.planTitle ?? "Plan"}</span>
      <span class="plan-count">${done}/${tasks.length}</span>
    </summary>
    <ul>
      ${tasks.map((task) => html`<${Task} key=${task.id} task=${task} />`)}
    </ul>
  </details>`;
}

/** Markdown that arrived in several pieces is one text: emphasis and fences may span them. */
function joinMarkdown(parts) {
  const joined = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.type === "markdown" && last?.type === "markdown")
      joined[joined.length - 1] = { ...last, text: last.text + part.text };
    else joined.push(part);
  }
  return joined;
}

/** A streamed message: in `plan` mode all tasks stand in one card at the place of the first. */
export function Stream({ stream, names, onClick }) {
  const isPlan = stream.displayMode === "plan";
  const planPlace = stream.parts.findIndex((part) => part.type === "task");
  const parts = joinMarkdown(
    stream.parts.filter((part, index) => !isPlan || part.type !== "task" || index === planPlace),
  );
  const firstTask = parts.findIndex((part) => part.type === "task");
  const needsPlan = firstTask === -1 && stream.planTitle !== null;
  return html`<div class="stream ${stream.state}">
    ${needsPlan && html`<${Plan} stream=${stream} tasks=${stream.tasks} />`}
    ${parts.map((part, index) => {
      if (part.type === "markdown") return html`<${Html} className="markdown" code=${markdownToHtml(part.text)} />`;
      if (part.type === "blocks") return html`<${Blocks} blocks=${part.blocks} names=${names} onClick=${onClick} />`;
      if (!isPlan) {
        const task = stream.tasks.find((candidate) => candidate.id === part.id);
        return task && html`<ul><${Task} task=${task} /></ul>`;
      }
      return index === firstTask && html`<${Plan} stream=${stream} tasks=${stream.tasks} />`;
    })}
    ${stream.state === "in_progress" && html`<span class="typing" aria-label="still writing"><i></i><i></i><i></i></span>`}
    ${stream.state === "errored" && html`<p class="stream-broken">This message stopped streaming.</p>`}
  </div>`;
}
