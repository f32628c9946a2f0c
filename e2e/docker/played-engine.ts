import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

interface Thing {
  Id: string;
  Name: string;
  Labels: Record<string, string>;
  body: Record<string, unknown>;
}

/** As much of an engine as a run is started and removed with. It runs nothing: it is for what is asked, not for what happens. */
export interface PlayedEngine extends AsyncDisposable {
  /** `METHOD /path`, in order, without looks and lists. */
  readonly asked: readonly string[];
  /** What a container was made with. */
  made(name: string): Record<string, unknown> | undefined;
  /** Names of what is there. */
  names(kind: Kind): string[];
}

type Kind = "containers" | "networks" | "volumes";

export async function playEngine(socketPath: string): Promise<PlayedEngine> {
  const things: Record<Kind, Map<string, Thing>> = { containers: new Map(), networks: new Map(), volumes: new Map() };
  const asked: string[] = [];

  function add(kind: Kind, name: string, labels: Record<string, string>, body: Record<string, unknown>): Thing {
    const Id = createHash("sha256").update(`${kind}/${name}`).digest("hex");
    const thing = { Id, Name: name, Labels: labels, body };
    things[kind].set(name, thing);
    return thing;
  }
  const find = (kind: Kind, name: string) =>
    things[kind].get(name) ?? [...things[kind].values()].find(({ Id }) => Id === name);

  function create(kind: Kind, url: URL, body: Record<string, unknown>): [number, unknown] {
    const name = kind === "containers" ? (url.searchParams.get("name") ?? "") : String(body.Name);
    const host = body.HostConfig as {
      Mounts?: { Source: string; VolumeOptions: { Labels: Record<string, string> } }[];
    };
    for (const { Source, VolumeOptions } of host?.Mounts ?? []) {
      // One that is there is taken as it is.
      if (find("volumes", Source) === undefined) add("volumes", Source, VolumeOptions.Labels, {});
    }
    return [201, { Id: add(kind, name, body.Labels as Record<string, string>, body).Id }];
  }

  function remove(kind: Kind, thing: Thing): [number, unknown] {
    const users = [...things.containers.values()].filter(({ body }) =>
      JSON.stringify(body).includes(`"${thing.Name}"`),
    );
    if (kind === "volumes" && users.length > 0) return [409, { message: "volume is in use" }];
    things[kind].delete(thing.Name);
    return [204, undefined];
  }

  function answer(method: string, url: URL, body: Record<string, unknown>): [number, unknown] {
    const [, kind = "", name = "", action = ""] = url.pathname.split("/");
    if (kind === "images") return [200, { Config: { Entrypoint: null, Cmd: ["node"] } }];
    if (kind !== "containers" && kind !== "networks" && kind !== "volumes") return [200, {}];
    if (method !== "GET") asked.push(`${method} ${url.pathname}`);
    if (method === "POST" && name === "create") return create(kind, url, body);
    if (name === "" || name === "json") {
      const all = [...things[kind].values()];
      return [200, kind === "volumes" ? { Volumes: all } : all];
    }
    const thing = find(kind, name);
    if (thing === undefined) return [404, { message: `no such ${kind}: ${name}` }];
    if (method === "DELETE") return remove(kind, thing);
    if (method !== "GET") return [action === "archive" ? 200 : 204, undefined];
    return [200, { ...thing, Config: { Labels: thing.Labels }, State: { Status: "running" } }];
  }

  const server = createServer(async (incoming: IncomingMessage, outgoing) => {
    const url = new URL((incoming.url ?? "").replace(/^\/v[\d.]+/, ""), "http://engine");
    const isJson = incoming.headers["content-type"] === "application/json";
    const sent = await text(incoming);
    if (url.pathname === "/events") return void outgoing.writeHead(200).flushHeaders();
    const [status, document] = answer(incoming.method ?? "", url, isJson && sent !== "" ? JSON.parse(sent) : {});
    outgoing.writeHead(status, { "content-type": "application/json" });
    outgoing.end(document === undefined ? undefined : JSON.stringify(document));
  });
  await once(server.listen(socketPath), "listening");
  return {
    asked,
    made: (name) => things.containers.get(name)?.body,
    names: (kind) => [...things[kind].keys()].toSorted(),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
