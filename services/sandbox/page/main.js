import { render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import * as api from "./api.js";
import { Composer } from "./components/composer.js";
import { Message } from "./components/message.js";
import { Pulls, pullFromAddress } from "./components/pulls.js";
import { Sidebar } from "./components/sidebar.js";
import { Thread } from "./components/thread.js";
import { html } from "./html.js";
import { rootsOf, threadOf, withItem, withMessages } from "./messages.js";

/** `#/{channel}/{ts}` keeps the place over a reload and can be shared. */
const placeFromHash = () => {
  const [, channel, ts] = window.location.hash.split("/");
  return { channel: channel || null, ts: ts || null };
};

function App({ state }) {
  const [me, setMe] = useState(state.users.find((user) => !user.isBot).id);
  const start = placeFromHash();
  const [channel, setChannel] = useState(start.channel ?? state.channels[0].id);
  const [openTs, setOpenTs] = useState(start.ts);
  const [known, setKnown] = useState(new Map());
  const [sessions, setSessions] = useState(new Map());
  const [isConnected, setConnected] = useState(true);
  const [pull, setPull] = useState(pullFromAddress(window.location.pathname));
  const [isShowingPulls, setShowingPulls] = useState(pull !== null);
  const [problem, setProblem] = useState(null);
  const place = useRef({ channel, openTs });
  place.current = { channel, openTs };

  const names = useMemo(() => {
    const people = state.users.map((user) => [user.id, user.displayName || user.realName]);
    const channels = state.channels.map((entry) => [entry.id, entry.name]);
    const known = new Map([...people, ...channels, [state.botUser.id, state.botUser.name]]);
    return (id) => known.get(id) ?? id;
  }, [state]);

  const load = async () => {
    const { messages } = await api.fetchChannel(place.current.channel);
    setKnown((before) => withMessages(before, messages));
    if (place.current.openTs === null) return;
    const thread = await api.fetchThread(place.current.channel, place.current.openTs);
    setKnown((before) => withMessages(before, thread.messages));
    if (thread.session !== null) noteSession(thread.session);
  };
  const noteSession = (session) =>
    setSessions((before) => new Map(before).set(`${session.channel} ${session.threadTs}`, session));
  const attempt = (work) => work.catch((error) => setProblem(error.message));

  useEffect(() => {
    window.history.replaceState(
      null,
      "",
      `${isShowingPulls ? window.location.pathname : "/"}#/${channel}${openTs ? `/${openTs}` : ""}`,
    );
    void attempt(load());
  }, [channel, openTs]);

  useEffect(
    () =>
      api.followChanges((item) => {
        if (item.type === "session") noteSession(item.session);
        else if (item.type === "reset") void attempt(load());
        else setKnown((before) => withItem(before, item));
      }, setConnected),
    [],
  );

  const send = async (text, threadTs) => {
    const answer = await api.postMessage({ user: me, channel, text, ...(threadTs ? { threadTs } : {}) });
    setProblem(null);
    if (/@peerbot\b/i.test(text) || state.channels.find((entry) => entry.id === channel)?.kind === "im")
      setOpenTs(answer.threadTs);
  };
  const click = (message, element) => {
    if (element.url) return;
    void attempt(api.click({ user: me, channel: message.channel, messageTs: message.ts, actionId: element.action_id }));
  };
  const edit = (message) => {
    const text = window.prompt("New text", message.text.replaceAll(`<@${state.botUser.id}>`, "@peerbot"));
    if (text) void attempt(api.editMessage({ user: me, channel: message.channel, ts: message.ts, text }));
  };
  const showPulls = (next) => {
    setPull(next);
    setShowingPulls(true);
    window.history.pushState(
      null,
      "",
      next === null ? "/" : `/github/${next.owner}/${next.repository}/pull/${next.number}`,
    );
  };

  const current = state.channels.find((entry) => entry.id === channel);
  const roots = rootsOf(known, channel, me);
  return html`<div class="workspace ${openTs !== null && !isShowingPulls ? "with-thread" : ""}">
    <${Sidebar}
      state=${state}
      me=${me}
      channel=${channel}
      isConnected=${isConnected}
      isShowingPulls=${isShowingPulls}
      onUser=${setMe}
      onPulls=${() => showPulls(null)}
      onChannel=${(id) => {
        setChannel(id);
        setOpenTs(null);
        setShowingPulls(false);
      }}
    />
    ${
      isShowingPulls
        ? html`<${Pulls} place=${pull} onPlace=${showPulls} />`
        : html`<main class="channel-pane">
            <header class="pane-header"><h2>${current?.kind === "im" ? state.botUser.name : `# ${current?.name ?? channel}`}</h2></header>
            <div class="messages">
              ${
                roots.length === 0 &&
                html`<div class="welcome">
                  <h3>Nothing here yet</h3>
                  <p>Ask for something, for example <code>@peerbot add a health endpoint</code></p>
                  <p>The model here is a script, not an AI: it shows how Peerbot works without any account.</p>
                </div>`
              }
              ${roots.map((message) => html`<${Message} key=${message.ts} message=${message} names=${names} onClick=${click} onOpen=${() => setOpenTs(message.ts)} onEdit=${message.user === me ? edit : undefined} />`)}
            </div>
            ${problem !== null && html`<p class="problem" role="alert">${problem}</p>`}
            <${Composer} label="Message" placeholder=${`Message ${current?.kind === "im" ? state.botUser.name : `#${current?.name ?? ""}`}: try “@peerbot create hello.txt saying hi”`} onSend=${(text) => send(text, null)} />
          </main>`
    }
    ${
      openTs !== null &&
      !isShowingPulls &&
      html`<${Thread}
        messages=${threadOf(known, channel, openTs, me)}
        session=${sessions.get(`${channel} ${openTs}`) ?? null}
        names=${names}
        me=${me}
        onClick=${click}
        onEdit=${edit}
        onSend=${(text) => send(text, openTs)}
        onStop=${() => attempt(api.stopSession({ user: me, channel, threadTs: openTs }))}
        onClose=${() => setOpenTs(null)}
      />`
    }
  </div>`;
}

const root = document.getElementById("app");
api.fetchState().then(
  (state) => {
    root.replaceChildren();
    render(html`<${App} state=${state} />`, root);
  },
  (error) => root.replaceChildren(`The sandbox does not answer: ${error.message}. Is "npm run dev" running?`),
);
