import { z } from "zod";
import { judgeContainer, judgeNetwork } from "./judge-creation.ts";
import type { Route } from "./route-of.ts";
import { allowedImages, Refusal, type Rules } from "./rules.ts";

/** What the engine is asked instead: made here from what was understood, so that nothing else goes through. */
export interface Allowed {
  path: string;
  /** `stream`: as it comes; `none`: nothing, whatever came. */
  body: "none" | "stream" | { json: unknown };
}

export interface DecidePorts {
  /** What the engine knows of something; `undefined` when there is none. */
  lookUp(path: string): Promise<unknown>;
  /** The request's body, parsed. */
  readBody(): Promise<unknown>;
}

const Labelled = z.object({ Id: z.string(), Labels: z.record(z.string(), z.string()).nullish() });
const Container = z.object({
  Id: z.string(),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }),
});
const Volume = z.object({ Name: z.string(), Labels: z.record(z.string(), z.string()).nullish() });
const Filters = z.object({ label: z.array(z.string().max(256)).max(8) });
const Connection = z.object({
  Container: z.string(),
  EndpointConfig: z.object({ Aliases: z.array(z.string()).max(4) }).optional(),
});

/** Something the engine does not have: its own answer is the right one. */
export class NotThere extends Error {}

/** Decides what of a request reaches the engine. @throws Refusal, NotThere */
export async function decideRequest(route: Route, rules: Rules, { lookUp, readBody }: DecidePorts): Promise<Allowed> {
  const nothing = (path: string): Allowed => ({ path, body: "none" });
  switch (route.kind) {
    case "free":
      return nothing(route.path);
    case "list":
      return nothing(`${route.path}?${listed(route.query, rules)}`);
    case "events":
      return nothing(`/events?${happened(rules)}`);
    case "create-container": {
      const { body, network, run, volumes } = judgeContainer(await readBody(), route.name, rules);
      if ((await networkOf(network, rules, lookUp)).run !== run) throw new Refusal("its network is another run's");
      for (const volume of volumes) await refuseUnlessOf(run, volume, rules, lookUp);
      const { name: _, ...described } = body as Record<string, unknown>;
      return { path: `/containers/create?name=${route.name}`, body: { json: described } };
    }
    case "create-network":
      return { path: "/networks/create", body: { json: judgeNetwork(await readBody(), rules) } };
    case "container": {
      const id = await containerOf(route.id, ["worker", "docker"], rules, lookUp);
      const query = route.query.size === 0 ? "" : `?${route.query}`;
      return nothing(`/containers/${id}${route.action === "" ? "" : `/${route.action}`}${query}`);
    }
    case "archive": {
      const id = await containerOf(route.id, ["worker"], rules, lookUp);
      return { path: `/containers/${id}/archive?path=${encodeURIComponent(route.path)}`, body: "stream" };
    }
    case "connect": {
      const { id } = await networkOf(route.id, rules, lookUp);
      const asked = Connection.safeParse(await readBody());
      if (!asked.success) throw new Refusal("who is to join the network is not said as a launcher says it");
      const member = await containerOf(asked.data.Container, ["gateway"], rules, lookUp);
      const endpoint = asked.data.EndpointConfig === undefined ? {} : { EndpointConfig: asked.data.EndpointConfig };
      const force = route.action === "disconnect" ? { Force: true } : {};
      return { path: `/networks/${id}/${route.action}`, body: { json: { Container: member, ...endpoint, ...force } } };
    }
    case "remove-network":
      return nothing(`/networks/${(await networkOf(route.id, rules, lookUp)).id}`);
    case "remove-volume": {
      const volume = Volume.safeParse(await lookUp(`/volumes/${route.name}`));
      if (!volume.success) throw new NotThere();
      runOf(volume.data.Labels, rules);
      return nothing(`/volumes/${volume.data.Name}?force=true`);
    }
    case "image":
      return nothing(`/images/${imageOf(route.name, rules)}/json`);
    case "pull": {
      const image = imageOf(route.image, rules);
      return nothing(`/images/create?${new URLSearchParams({ fromImage: image })}`);
    }
    default:
      return route satisfies never;
  }
}

/** Whatever was asked for, only what is this installation's is shown. */
function listed(query: URLSearchParams, { instance }: Rules): URLSearchParams {
  const asked = Filters.safeParse(parsed(query.get("filters") ?? "{}")).data?.label ?? [];
  const label = [...new Set([`claude.ai/instance=${instance}`, ...asked])];
  return new URLSearchParams({
    all: query.get("all") === "true" ? "true" : "false",
    filters: JSON.stringify({ label }),
  });
}

function happened({ instance }: Rules): URLSearchParams {
  const filters = { type: ["container"], label: [`claude.ai/instance=${instance}`] };
  return new URLSearchParams({ since: "1", filters: JSON.stringify(filters) });
}

async function containerOf(
  name: string,
  roles: readonly string[],
  rules: Rules,
  lookUp: DecidePorts["lookUp"],
): Promise<string> {
  const found = Container.safeParse(await lookUp(`/containers/${plain(name)}/json`));
  if (!found.success) throw new NotThere();
  const labels = found.data.Config.Labels ?? {};
  const isOurs = labels["claude.ai/instance"] === rules.instance && roles.includes(labels["claude.ai/role"] ?? "");
  if (!isOurs) throw new Refusal(`the container is not a ${roles.join(" or ")} of this installation`);
  // By its id: under the name there may be another one a moment later.
  return found.data.Id;
}

async function networkOf(
  name: string,
  rules: Rules,
  lookUp: DecidePorts["lookUp"],
): Promise<{ id: string; run: string }> {
  const found = Labelled.safeParse(await lookUp(`/networks/${plain(name)}`));
  if (!found.success) throw new NotThere();
  return { id: found.data.Id, run: runOf(found.data.Labels, rules) };
}

/** A volume that is there already is taken as it is, whatever its description says: it must be the run's. */
async function refuseUnlessOf(run: string, volume: string, rules: Rules, lookUp: DecidePorts["lookUp"]): Promise<void> {
  const found = await lookUp(`/volumes/${volume}`);
  if (found === undefined) return;
  if (runOf(Volume.parse(found).Labels, rules) !== run) throw new Refusal("its volume is another run's");
}

function runOf(labels: Readonly<Record<string, string>> | null | undefined, { instance }: Rules): string {
  const run = labels?.["claude.ai/run"];
  if (labels?.["claude.ai/instance"] !== instance || run === undefined) {
    throw new Refusal("it belongs to no run of this installation");
  }
  return run;
}

function imageOf(name: string, rules: Rules): string {
  const wanted = withTag(name);
  const image = allowedImages(rules).find((allowed) => withTag(allowed) === wanted);
  if (image === undefined) throw new Refusal("the image is not one of this installation");
  return wanted;
}

function withTag(image: string): string {
  return /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
}

function plain(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(name)) throw new Refusal("the name is none");
  return name;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal("the filters cannot be read");
  }
}
