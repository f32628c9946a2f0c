/** The sandbox's control API as the page uses it. */

async function ask(path, init) {
  const response = await fetch(path, init);
  const body = await response.json();
  if (!response.ok) throw new Error(body.error ?? body.message ?? `${path} answered ${response.status}`);
  return body;
}

const post = (path, body) =>
  ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

export const fetchState = () => ask("/sandbox/state");
export const fetchChannel = (channel) => ask(`/sandbox/messages?channel=${encodeURIComponent(channel)}`);
export const fetchThread = (channel, ts) => ask(`/sandbox/thread?channel=${encodeURIComponent(channel)}&ts=${ts}`);
export const fetchPulls = () => ask("/sandbox/pulls");
export const fetchPull = (owner, repository, number) => ask(`/sandbox/pulls/${owner}/${repository}/${number}`);

export const postMessage = (message) => post("/sandbox/messages", message);
export const editMessage = (edit) => post("/sandbox/edits", edit);
export const click = (action) => post("/sandbox/actions", action);
export const stopSession = (session) => post("/sandbox/session-stop", session);

/** Calls back for every change in the workspace; the browser reconnects and resumes by itself. */
export function followChanges(onItem, onConnection) {
  const source = new EventSource("/sandbox/stream");
  source.onmessage = (event) => onItem(JSON.parse(event.data));
  source.onopen = () => onConnection(true);
  source.onerror = () => onConnection(false);
  return () => source.close();
}
