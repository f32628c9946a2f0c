import { Refusal } from "./rules.ts";

/** What a request is about, once its path is understood. */
export type Route =
  | { kind: "free"; path: string }
  | { kind: "list"; path: "/containers/json" | "/networks" | "/volumes"; query: URLSearchParams }
  | { kind: "events"; query: URLSearchParams }
  | { kind: "create-container"; name: string }
  | { kind: "create-network" }
  | { kind: "container"; id: string; action: string; query: URLSearchParams }
  | { kind: "archive"; id: string; path: string }
  | { kind: "connect"; id: string; action: "connect" | "disconnect" }
  | { kind: "remove-network"; id: string }
  | { kind: "remove-volume"; name: string }
  | { kind: "image"; name: string }
  | { kind: "pull"; image: string };

/** Names and ids, in which nothing can be hidden. */
const NAME = "[A-Za-z0-9][A-Za-z0-9_.-]{0,127}";
const IMAGE = "[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,255}";
/** What a launcher does to a container, and what it may say with it. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  "GET json": [],
  "GET logs": ["stdout", "stderr", "tail"],
  "POST start": [],
  "POST stop": ["t"],
  "POST kill": ["signal"],
  "DELETE ": ["force", "v"],
};
const PATHS_IN_CONTAINERS = { PUT: ["/workspace"], GET: ["/workspace/deadline"] } as const;

type Reader = (match: string[], query: URLSearchParams) => Route;

const READERS: readonly (readonly [string, RegExp, Reader])[] = [
  ["GET", /^\/(_ping|version)$/, ([what]) => ({ kind: "free", path: `/${what}` })],
  ["HEAD", /^\/_ping$/, () => ({ kind: "free", path: "/_ping" })],
  ["GET", /^\/events$/, (_, query) => ({ kind: "events", query })],
  ["GET", /^\/containers\/json$/, (_, query) => ({ kind: "list", path: "/containers/json", query })],
  ["GET", /^\/networks$/, (_, query) => ({ kind: "list", path: "/networks", query })],
  ["GET", /^\/volumes$/, (_, query) => ({ kind: "list", path: "/volumes", query })],
  [
    "POST",
    /^\/containers\/create$/,
    (_, query) => ({ kind: "create-container", name: only(query, "name", new RegExp(`^${NAME}$`)) }),
  ],
  ["POST", /^\/networks\/create$/, () => ({ kind: "create-network" })],
  ["POST", regex(`/networks/(${NAME})/(connect|disconnect)`), ([id = "", action]) => connecting(id, action)],
  ["DELETE", regex(`/networks/(${NAME})`), ([id = ""]) => ({ kind: "remove-network", id })],
  ["DELETE", regex(`/volumes/(${NAME})`), ([name = ""]) => ({ kind: "remove-volume", name })],
  ["GET", regex(`/images/(${IMAGE})/json`), ([name = ""]) => ({ kind: "image", name })],
  ["POST", /^\/images\/create$/, (_, query) => ({ kind: "pull", image: pulledImage(query) })],
  ["PUT", regex(`/containers/(${NAME})/archive`), ([id = ""], query) => archive(id, query, "PUT")],
  ["GET", regex(`/containers/(${NAME})/archive`), ([id = ""], query) => archive(id, query, "GET")],
  ["GET", regex(`/containers/(${NAME})/(json|logs)`), ([id, action], query) => acting("GET", [id, action], query)],
  [
    "POST",
    regex(`/containers/(${NAME})/(start|stop|kill)`),
    ([id, action], query) => acting("POST", [id, action], query),
  ],
  ["DELETE", regex(`/containers/(${NAME})`), ([id], query) => acting("DELETE", [id], query)],
];

/** Understands a request, of any version of the API. @throws Refusal when it is none of those a launcher makes. */
export function routeOf(method: string, target: string): Route {
  const [rawPath = "", rawQuery = ""] = target.split("?", 2);
  // Names in paths come encoded. What is still encoded or climbs after one reading is nothing a launcher sends.
  const path = decoded(rawPath).replace(/^\/v1\.\d{1,2}(?=\/)/, "");
  if (!/^[\w./:@-]*$/.test(path) || path.includes("//") || path.split("/").includes("..")) {
    throw new Refusal("the path is not one a launcher uses");
  }
  for (const [wanted, pattern, read] of READERS) {
    const match = method === wanted ? pattern.exec(path) : null;
    if (match !== null) return read(match.slice(1), new URLSearchParams(rawQuery));
  }
  throw new Refusal(`${method} ${path} is nothing a launcher needs`);
}

function regex(path: string): RegExp {
  return new RegExp(`^${path}$`);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Refusal("the path cannot be read");
  }
}

/** A parameter that is there once. Two of them might be read one way here and another way by the engine. */
function only(query: URLSearchParams, name: string, pattern: RegExp): string {
  const [value = "", ...more] = query.getAll(name);
  if (more.length > 0 || !pattern.test(value)) throw new Refusal(`the parameter ${name} is not as a launcher sends it`);
  return value;
}

function acting(method: string, [id = "", action = ""]: (string | undefined)[], query: URLSearchParams): Route {
  const kept = new URLSearchParams();
  for (const name of ACTIONS[`${method} ${action}`] ?? []) {
    if (query.has(name)) kept.set(name, only(query, name, /^[A-Za-z0-9]{1,16}$/));
  }
  return { kind: "container", id, action, query: kept };
}

function archive(id: string, query: URLSearchParams, method: keyof typeof PATHS_IN_CONTAINERS): Route {
  const path = only(query, "path", /^[\w/-]+$/);
  if (!PATHS_IN_CONTAINERS[method].some((known) => known === path)) {
    throw new Refusal(`${path} is no place of a launcher's in a container`);
  }
  return { kind: "archive", id, path };
}

function connecting(id: string, action: string | undefined): Route {
  return { kind: "connect", id, action: action === "connect" ? "connect" : "disconnect" };
}

function pulledImage(query: URLSearchParams): string {
  const tag = only(query, "tag", /^[\w.:-]{1,128}$/);
  const repository = only(query, "fromImage", new RegExp(`^${IMAGE}$`));
  if (query.has("fromSrc") || query.has("changes")) throw new Refusal("images are pulled, not made");
  return `${repository}${tag.startsWith("sha256:") ? "@" : ":"}${tag}`;
}
