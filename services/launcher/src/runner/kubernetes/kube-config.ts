import { KubeConfig, type RequestContext } from "@kubernetes/client-node";

type Dispatcher = NonNullable<ReturnType<RequestContext["getDispatcher"]>>;

/** Certificates rotate; connections made with the old ones are not used for longer than this. */
const DISPATCHER_LIFE_MS = 10 * 60_000;
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * A KubeConfig whose requests share connections and have a time limit. The plain one makes a new dispatcher, and with it
 * a connection and a TLS handshake, for each request.
 */
export class PooledKubeConfig extends KubeConfig implements AsyncDisposable {
  #current: { dispatcher: Dispatcher; since: number } | undefined;
  readonly #all = new Set<Dispatcher>();

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    // Watches read the header and the dispatcher alone, so that the time limit is not theirs.
    context.setSignal(AbortSignal.timeout(REQUEST_TIMEOUT_MS));
    const made = context.getDispatcher();
    if (made !== undefined) context.setDispatcher(this.#pooled(made));
  }

  /** Cuts all connections, those of watches too. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#all].map((dispatcher) => dispatcher.destroy()));
  }

  #pooled(made: Dispatcher): Dispatcher {
    if (this.#current !== undefined && Date.now() - this.#current.since < DISPATCHER_LIFE_MS) {
      return this.#current.dispatcher;
    }
    const old = this.#current?.dispatcher;
    this.#current = { dispatcher: made, since: Date.now() };
    this.#all.add(made);
    if (old !== undefined) void this.#retire(old); // it ends with its last request, nobody waits for that
    return made;
  }

  async #retire(old: Dispatcher): Promise<void> {
    await old.close();
    this.#all.delete(old);
  }
}

/** The cluster a kubeconfig file names, or, without a file, the one this process runs in. @throws when there is none. */
export function loadKubeConfig(file: string | undefined): PooledKubeConfig {
  const config = new PooledKubeConfig();
  if (file === undefined) config.loadFromCluster();
  else config.loadFromFile(file);
  return config;
}
