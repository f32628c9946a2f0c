import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { Composer } from "./composer.js";
import { Message } from "./message.js";

/** The open thread, with the session's status line and Slack's own Stop button. */
export function Thread({ messages, session, names, me, onClick, onSend, onStop, onClose, onEdit }) {
  const list = useRef(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    if (isAtEnd.current && list.current !== null) list.current.scrollTop = list.current.scrollHeight;
  });
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = list.current;
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < 60;
  };
  const status = session?.statusText || (session?.status === "processing" ? "is working…" : "");
  return html`<aside class="thread" aria-label="Thread">
    <header class="pane-header">
      <h2>Thread ${session?.title && html`<small>${session.title}</small>`}</h2>
      <button class="close" aria-label="Close thread" onClick=${onClose}>✕</button>
    </header>
    <div class="messages" ref=${list} onScroll=${onScroll} aria-live="polite">
      ${messages.map((message) => html`<${Message} key=${message.ts + (message.ephemeralTo ?? "")} message=${message} names=${names} onClick=${onClick} onEdit=${message.user === me ? onEdit : undefined} />`)}
    </div>
    ${
      status !== "" &&
      html`<p class="status">
        <span class="typing"><i></i><i></i><i></i></span> Peerbot ${status}
        ${session.canStop && html`<button class="button danger small" onClick=${onStop}>Stop</button>`}
      </p>`
    }
    <${Composer} label="Reply" placeholder="Reply… (Peerbot reads replies in its threads)" onSend=${onSend} />
  </aside>`;
}
