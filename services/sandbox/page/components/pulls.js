import { useEffect, useState } from "preact/hooks";
import { fetchPull, fetchPulls } from "../api.js";
import { html } from "../html.js";
import { markdownToHtml } from "../text.js";
import { Html } from "./blocks.js";

/** What the page's own address says: `/github/{owner}/{repository}/pull/{number}`. */
export function pullFromAddress(path) {
  const match = /^\/github\/([^/]+)\/([^/]+)\/pull\/(\d+)$/.exec(path);
  return match === null ? null : { owner: match[1], repository: match[2], number: Number(match[3]) };
}

const lineKind = (line) => {
  if (line.startsWith("diff --git")) return "file";
  if (line.startsWith("@@")) return "hunk";
  if (line.startsWith("+++") || line.startsWith("---") || line.startsWith("index ") || line.startsWith("new file"))
    return "meta";
  if (line.startsWith("+")) return "added";
  if (line.startsWith("-")) return "removed";
  return "same";
};

function Diff({ diff }) {
  if (diff.trim() === "") return html`<p class="empty">No difference to the base branch.</p>`;
  return html`<pre class="diff">${diff.split("\n").map((line) => html`<span class=${lineKind(line)}>${line}\n</span>`)}</pre>`;
}

function Pull({ place, onBack }) {
  const [pull, setPull] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    fetchPull(place.owner, place.repository, place.number).then(setPull, (error) => setProblem(error.message));
  }, [place.owner, place.repository, place.number]);
  if (problem !== null) return html`<p class="problem" role="alert">${problem}</p>`;
  if (pull === null) return html`<p class="loading">Reading the pull request…</p>`;
  return html`<section class="pull">
    <button class="thread-link" onClick=${onBack}>← All pull requests</button>
    <h1>${pull.title} <small>#${pull.number}</small></h1>
    <p class="pull-line">
      <span class="pull-state ${pull.state}">${pull.state === "open" ? "Open" : "Closed"}</span>
      <code>${pull.owner}/${pull.repository}</code> · <code>${pull.head}</code> into <code>${pull.base}</code> ·
      <span class="plus">+${pull.insertions}</span> <span class="minus">−${pull.deletions}</span> in ${pull.files} files
    </p>
    <${Html} className="markdown pull-body" code=${markdownToHtml(pull.body)} />
    <${Diff} diff=${pull.diff} />
  </section>`;
}

function PullList({ onOpen }) {
  const [pulls, setPulls] = useState(null);
  useEffect(() => void fetchPulls().then((answer) => setPulls(answer.pulls)), []);
  if (pulls === null) return html`<p class="loading">Looking for pull requests…</p>`;
  if (pulls.length === 0)
    return html`<p class="empty">No pull requests yet. Ask Peerbot for a change in a channel.</p>`;
  return html`<ul class="pull-list">
    ${pulls.map(
      (pull) => html`<li>
        <button onClick=${() => onOpen(pull)}>
          <span class="pull-state ${pull.state}">${pull.state === "open" ? "Open" : "Closed"}</span>
          <strong>${pull.title}</strong> <code>${pull.owner}/${pull.repository}#${pull.number}</code>
        </button>
      </li>`,
    )}
  </ul>`;
}

/** Pull requests of the stand-in for GitHub: a list, or one with its diff. */
export function Pulls({ place, onPlace }) {
  return html`<main class="channel-pane pulls">
    ${place === null ? html`<${PullList} onOpen=${onPlace} />` : html`<${Pull} place=${place} onBack=${() => onPlace(null)} />`}
  </main>`;
}
