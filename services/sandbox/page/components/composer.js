import { useState } from "preact/hooks";
import { html } from "../html.js";

/** Where a person writes: Enter sends, Shift+Enter breaks the line. */
export function Composer({ placeholder, onSend, label }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState(null);
  const send = async () => {
    if (text.trim() === "") return;
    try {
      await onSend(text);
      setText("");
      setProblem(null);
    } catch (error) {
      setProblem(error.message);
    }
  };
  const onKeyDown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void send();
  };
  return html`<form
    class="composer"
    onSubmit=${(event) => {
      event.preventDefault();
      void send();
    }}
  >
    <textarea
      rows="2"
      aria-label=${label}
      placeholder=${placeholder}
      value=${text}
      onInput=${(event) => setText(event.target.value)}
      onKeyDown=${onKeyDown}
    ></textarea>
    <button class="button primary" type="submit" disabled=${text.trim() === ""}>Send</button>
    ${problem !== null && html`<p class="problem" role="alert">${problem}</p>`}
  </form>`;
}
