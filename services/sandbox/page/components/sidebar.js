import { html } from "../html.js";
import { Avatar } from "./message.js";

/** Workspace name, whom to act as, channels, direct messages and pull requests. */
export function Sidebar({ state, me, channel, isConnected, onUser, onChannel, onPulls, isShowingPulls }) {
  const channels = state.channels.filter((candidate) => candidate.kind === "channel");
  const direct = state.channels.filter((candidate) => candidate.kind === "im" && candidate.members.includes(me));
  const entry = (candidate, label) => html`<button
    class="channel ${candidate.id === channel && !isShowingPulls ? "current" : ""}"
    data-channel=${candidate.id}
    onClick=${() => onChannel(candidate.id)}
  >
    ${label}
  </button>`;
  return html`<nav class="sidebar" aria-label="Workspace">
    <h1>${state.team.name}</h1>
    <p class="sandbox-note">
      <span class="dot ${isConnected ? "online" : ""}"></span>
      ${isConnected ? "Sandbox: a local stand-in for Slack" : "Connection lost, trying again…"}
    </p>
    <label class="act-as">
      You are
      <select value=${me} onChange=${(event) => onUser(event.target.value)}>
        ${state.users.filter((user) => !user.isBot).map((user) => html`<option value=${user.id}>${user.displayName || user.realName}${user.isExternal ? " (other company)" : ""}</option>`)}
      </select>
    </label>
    <h2>Channels</h2>
    ${channels.map((candidate) => entry(candidate, `# ${candidate.name}`))}
    <h2>Direct messages</h2>
    ${direct.map((candidate) => entry(candidate, html`<${Avatar} isBot=${true} user="" name="" /> ${state.botUser.name}`))}
    <h2>Code</h2>
    <button class="channel ${isShowingPulls ? "current" : ""}" onClick=${onPulls}>⇄ Pull requests</button>
  </nav>`;
}
