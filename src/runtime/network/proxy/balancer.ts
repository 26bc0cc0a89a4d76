/**
 * Chooses a backend for each new connection or flow of one Service port: round-robin from a random start over the ready
 * endpoints or, when none is ready, over those that still serve while terminating; with ClientIP affinity. Pure except
 * for its own state. Source: pkg/proxy/topology.go (CategorizeEndpoints, KEP-1669), pkg/proxy/iptables (recent module:
 * each new connection renews the affinity).
 */
import type { Backend } from '../network-state.ts';

/** What the choice depends on besides the endpoints. */
export interface PickOptions {
  readonly clientIp: string;
  readonly nowMs: number;
  /** Seconds; 0: no affinity. */
  readonly affinitySeconds: number;
  /** Only endpoints of this node (traffic policy Local); absent: endpoints of all nodes. */
  readonly node?: string | undefined;
  /** Endpoints that have been tried and did not answer. */
  readonly tried?: ReadonlySet<string>;
}

interface Sticky {
  readonly backend: string;
  readonly lastUsedMs: number;
}

const maxStickyClients = 16_384;

/** `10.244.0.5:8080`. */
export const backendKey = (backend: Backend): string => `${backend.ip}:${backend.port}`;

/** The endpoints that get traffic: the ready ones or, when there are none, those that serve while terminating. */
function usableBackends(backends: readonly Backend[]): readonly Backend[] {
  const ready = backends.filter((backend) => backend.ready);
  return ready.length > 0 ? ready : backends.filter((backend) => backend.serving && backend.terminating);
}

/** Balances one Service port. It keeps its position and its affinities when the endpoints change. */
export class Balancer {
  #all: readonly Backend[] = [];
  #usable: readonly Backend[] = [];
  #byNode = new Map<string, readonly Backend[]>();
  #cursor: number;
  readonly #sticky = new Map<string, Sticky>();

  /** `random` gives numbers in [0, 1). */
  constructor(random: () => number) {
    this.#cursor = Math.floor(random() * 65_536);
  }

  update(backends: readonly Backend[]): void {
    this.#all = backends;
    this.#usable = usableBackends(backends);
    this.#byNode.clear();
  }

  get hasEndpoints(): boolean {
    return this.#usable.length > 0;
  }

  /** Whether a flow to this backend may continue: it is still an endpoint that gets traffic. */
  includes(key: string): boolean {
    return this.#usable.some((backend) => backendKey(backend) === key);
  }

  pick(options: PickOptions): Backend | undefined {
    const candidates = options.node === undefined ? this.#usable : this.#onNode(options.node);
    if (candidates.length === 0) return undefined;
    const { tried, affinitySeconds } = options;
    const sticky = affinitySeconds > 0 ? this.#stuck(candidates, options) : undefined;
    const chosen = sticky ?? this.#next(candidates, tried);
    if (chosen !== undefined && affinitySeconds > 0) this.#remember(chosen, options);
    return chosen;
  }

  #next(candidates: readonly Backend[], tried: ReadonlySet<string> | undefined): Backend | undefined {
    for (let step = 0; step < candidates.length; step++) {
      this.#cursor = (this.#cursor + 1) % candidates.length;
      const backend = candidates[this.#cursor];
      if (backend !== undefined && tried?.has(backendKey(backend)) !== true) return backend;
    }
    return undefined;
  }

  #onNode(node: string): readonly Backend[] {
    let local = this.#byNode.get(node);
    if (local === undefined) {
      local = usableBackends(this.#all.filter((backend) => backend.nodeName === node));
      this.#byNode.set(node, local);
    }
    return local;
  }

  #stuck(candidates: readonly Backend[], { clientIp, nowMs, affinitySeconds, tried }: PickOptions): Backend | undefined {
    const sticky = this.#sticky.get(clientIp);
    if (sticky === undefined || nowMs - sticky.lastUsedMs > affinitySeconds * 1000 || tried?.has(sticky.backend) === true) return undefined;
    return candidates.find((backend) => backendKey(backend) === sticky.backend);
  }

  /** Inserts the entry again, which keeps the map in order of last use: the first entry is the next to be dropped. */
  #remember(backend: Backend, { clientIp, nowMs }: PickOptions): void {
    this.#sticky.delete(clientIp);
    this.#sticky.set(clientIp, { backend: backendKey(backend), lastUsedMs: nowMs });
    if (this.#sticky.size <= maxStickyClients) return;
    const [oldest] = this.#sticky.keys();
    if (oldest !== undefined) this.#sticky.delete(oldest);
  }
}
