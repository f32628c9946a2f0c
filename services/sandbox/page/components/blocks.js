import { html } from "../html.js";
import { markdownToHtml, mrkdwnToHtml } from "../text.js";

/** Raw HTML that `text.js` has made safe. */
export const Html = ({ code, className = "" }) =>
  html`<div class=${className} dangerouslySetInnerHTML=${{ __html: code }}></div>`;

function Text({ text, names }) {
  if (text.type === "mrkdwn") return html`<${Html} code=${mrkdwnToHtml(text.text, names)} />`;
  return html`<span>${text.text}</span>`;
}

function Button({ element, onClick }) {
  const style = element.style === "danger" ? "danger" : element.style === "primary" ? "primary" : "";
  const label = element.text.text;
  if (element.url) {
    return html`<a
      class="button ${style}"
      href=${element.url}
      target="_blank"
      rel="noreferrer"
      data-action=${element.action_id}
      onClick=${() => onClick(element)}
      >${label}</a
    >`;
  }
  return html`<button
    class="button ${style}"
    aria-label=${element.accessibility_label ?? label}
    data-action=${element.action_id}
    onClick=${() => onClick(element)}
  >
    ${label}
  </button>`;
}

const RENDERERS = {
  section: ({ block, names, onClick }) => html`<div class="section">
    ${block.text && html`<${Text} text=${block.text} names=${names} />`}
    ${
      block.fields &&
      html`<div class="fields">
        ${block.fields.map((field) => html`<${Text} text=${field} names=${names} />`)}
      </div>`
    }
    ${block.accessory?.type === "button" && html`<${Button} element=${block.accessory} onClick=${onClick} />`}
  </div>`,
  header: ({ block }) => html`<h3 class="block-header">${block.text.text}</h3>`,
  context: ({ block, names }) => html`<div class="context">
    ${block.elements.map((element) =>
      element.type === "image"
        ? html`<img src=${element.image_url} alt=${element.alt_text} />`
        : html`<${Text} text=${element} names=${names} />`,
    )}
  </div>`,
  actions: ({ block, onClick }) => html`<div class="actions">
    ${block.elements
      .filter((element) => element.type === "button")
      .map((element) => html`<${Button} element=${element} onClick=${onClick} />`)}
  </div>`,
  divider: () => html`<hr />`,
  markdown: ({ block }) => html`<${Html} className="markdown" code=${markdownToHtml(block.text)} />`,
  image: ({ block }) => html`<img class="block-image" src=${block.image_url} alt=${block.alt_text} />`,
};

/** Block Kit blocks. A kind this page cannot draw is named rather than left out. */
export function Blocks({ blocks, names, onClick }) {
  return blocks.map((block) => {
    const renderer = RENDERERS[block.type];
    return renderer === undefined
      ? html`<div class="unknown-block">${block.type}</div>`
      : renderer({ block, names, onClick });
  });
}
