import { html } from "../html.js";
import { clockOf, emojiOf, markdownToHtml, mrkdwnToHtml } from "../text.js";
import { Blocks, Html } from "./blocks.js";
import { Stream } from "./stream.js";

const COLOURS = ["#1264a3", "#2eb67d", "#e01e5a", "#ecb22e", "#6b4fbb", "#d9730d"];

export function Avatar({ user, isBot, name }) {
  if (isBot) return html`<img class="avatar" src="/page/icon.svg" alt="" />`;
  const colour = COLOURS[[...user].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % COLOURS.length];
  return html`<span class="avatar" style=${{ background: colour }} aria-hidden="true">${name.slice(0, 1).toUpperCase()}</span>`;
}

function Body({ message, names, onClick }) {
  if (message.stream !== null) {
    return html`<${Stream} stream=${message.stream} names=${names} onClick=${onClick} />
      <${Blocks} blocks=${message.blocks} names=${names} onClick=${onClick} />`;
  }
  if (message.blocks.length > 0) return html`<${Blocks} blocks=${message.blocks} names=${names} onClick=${onClick} />`;
  if (message.markdown !== null) return html`<${Html} className="markdown" code=${markdownToHtml(message.markdown)} />`;
  return html`<${Html} code=${mrkdwnToHtml(message.text, names)} />`;
}

/** One message. `onOpen` is given where a thread can be opened from it. */
export function Message({ message, names, onClick, onOpen, onEdit }) {
  const press = (element) => onClick(message, element);
  return html`<article class="message" data-ts=${message.ts} data-part=${message.metadata?.event_payload?.part ?? ""}>
    <${Avatar} user=${message.user} isBot=${message.isBot} name=${message.userName} />
    <div class="message-main">
      <header>
        <strong>${message.userName}</strong>
        ${message.isBot && html`<span class="badge">App</span>`}
        <time>${clockOf(message.ts)}</time>
        ${message.editedAt !== null && html`<span class="edited">(edited)</span>`}
        ${message.ephemeralTo !== null && html`<span class="edited">Only visible to you</span>`}
      </header>
      <div class="body"><${Body} message=${message} names=${names} onClick=${press} /></div>
      ${
        message.files.length > 0 &&
        html`<div class="files">
          ${message.files.map((file) => html`<a class="file" href=${file.pageUrl} target="_blank">📎 ${file.name}</a>`)}
        </div>`
      }
      ${
        message.reactions.length > 0 &&
        html`<div class="reactions">
          ${message.reactions.map((reaction) => html`<span class="reaction" title=${reaction.users.map(names).join(", ")}>${emojiOf(reaction.name)} ${reaction.count}</span>`)}
        </div>`
      }
      ${
        onOpen !== undefined &&
        html`<button class="thread-link" onClick=${() => onOpen(message)}>
          ${message.replyCount > 0 ? `${message.replyCount} ${message.replyCount === 1 ? "reply" : "replies"}` : "Reply in thread"}
        </button>`
      }
      ${onEdit !== undefined && html`<button class="edit-link" onClick=${() => onEdit(message)}>Edit</button>`}
    </div>
  </article>`;
}
