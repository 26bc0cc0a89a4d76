/**
 * Chooses a backend for each new connection or flow of one Service port: round-robin from a random start over the ready
 * endpoints that are near the client or, when none is ready, over those that still serve while terminating; with
 * ClientIP affinity. Pure except for its own state. Source: pkg/proxy/topology.go (CategorizeEndpoints, KEP-1669),
 * pkg/proxy/iptables (recent module: each new connection renews the affinity).
 */
import type { Backend } from '../network-state.ts';
import { isHinted, nearBackends, type ProxyNode } from './topology.ts';

/** What the choice depends on besides the endpoints. */
export interface PickOptions {
  readonly clientIp: string;
  readonly nowMs: number;
  /** Seconds; 0: no affinity. */
  readonly affinitySeconds: number;
  /** The node that chooses; absent: endpoints of all nodes, wherever they are. */
  readonly node?: ProxyNode | undefined;
  /** Only endpoints of that node, whatever the hints (traffic policy Local). */
  readonly local?: boolean;
  /** Endpoints that have been tried and did not answer. */
  readonly tried?: ReadonlySet<string>;
}

interface Sticky {
  readonly backend: string;
  readonly lastUsedMs: number;
}

/** Endpoints that take turns. */
interface Turns {
  readonly backends: readonly Backend[];
  cursor: number;
}

const cursors = 65_536;
const maxStickyClients = 16_384;

/** `10.244.0.5:8080`. */
export const backendKey = (backend: Backend): string => `${backend.ip}:${backend.port}`;

/** The endpoints that get traffic: the ready ones or, when there are none, those that serve while terminating. */
function usableBackends(backends: readonly Backend[]): readonly Backend[] {
  const ready = backends.filter((backend) => backend.ready);
  return ready.length > 0 ? ready : backends.filter((backend) => backend.serving && backend.terminating);
}

function next(turns: Turns, tried: ReadonlySet<string> | undefined): Backend | undefined {
  const { backends } = turns;
  for (let step = 0; step < backends.length; step++) {
    turns.cursor = (turns.cursor + 1) % backends.length;
    const backend = backends[turns.cursor];
    if (backend !== undefined && tried?.has(backendKey(backend)) !== true) return backend;
  }
  return undefined;
}

/** Balances one Service port. It keeps its position and its affinities when the endpoints change. */
export class Balancer {
  #all: readonly Backend[] = [];
  #usable: Turns;
  #hinted = false;
  /** By node, made when they are first needed. */
  readonly #local = new Map<string, Turns>();
  readonly #near = new Map<string, Turns>();
  readonly #random: () => number;
  readonly #sticky = new Map<string, Sticky>();

  /** `random` gives numbers in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
    this.#usable = this.#turns([]);
  }

  /** Takes the endpoints as they are now. Needed as well when nodes have moved to other zones. */
  update(backends: readonly Backend[]): void {
    this.#all = backends;
    const usable = usableBackends(backends);
    this.#usable = { backends: usable, cursor: this.#usable.cursor };
    this.#hinted = usable[0]?.ready === true && isHinted(usable);
    this.#local.clear();
    this.#near.clear();
  }

  get hasEndpoints(): boolean {
    return this.#usable.backends.length > 0;
  }

  /** Whether endpoints have hints that are to be followed, so that the choice may depend on the node. */
  get hinted(): boolean {
    return this.#hinted;
  }

  /** Whether a flow to this backend may continue: it is still an endpoint that gets traffic. */
  includes(key: string): boolean {
    return this.#usable.backends.some((backend) => backendKey(backend) === key);
  }

  pick(options: PickOptions): Backend | undefined {
    const candidates = this.#candidates(options);
    if (candidates.backends.length === 0) return undefined;
    const { tried, affinitySeconds } = options;
    const sticky = affinitySeconds > 0 ? this.#stuck(candidates.backends, options) : undefined;
    const chosen = sticky ?? next(candidates, tried);
    if (chosen !== undefined && affinitySeconds > 0) this.#remember(chosen, options);
    return chosen;
  }

  #candidates({ node, local = false }: PickOptions): Turns {
    if (node === undefined || !(local || this.#hinted)) return this.#usable;
    const known = local ? this.#local : this.#near;
    let turns = known.get(node.name);
    if (turns === undefined) {
      const onNode = (): readonly Backend[] => usableBackends(this.#all.filter(({ nodeName }) => nodeName === node.name));
      turns = this.#turns(local ? onNode() : nearBackends(this.#usable.backends, node));
      known.set(node.name, turns);
    }
    return turns;
  }

  #turns(backends: readonly Backend[]): Turns {
    return { backends, cursor: Math.floor(this.#random() * cursors) };
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
