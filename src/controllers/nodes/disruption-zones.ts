/**
 * How many nodes of each zone are healthy, and what follows for evictions: in a healthy zone nodes are tainted at the
 * usual rate, in one with many unhealthy nodes slowly or not at all, and nowhere while no node of the cluster is
 * healthy, because the fault is then probably elsewhere. Source:
 * pkg/controller/nodelifecycle/node_lifecycle_controller.go (handleDisruption, ComputeZoneState, setLimiterInZone);
 * component-helpers node/topology/helpers.go (GetZoneKey).
 */
import type { Node } from '../../api/generated/core/v1.ts';
import { EvictionLimiter } from './eviction-limiter.ts';

export interface EvictionRates {
  /** Nodes that are tainted in a second, in a healthy zone; default 0.1. */
  readonly usualPerSecond?: number;
  /** The same in a large zone of which many nodes are unhealthy; default 0.01. */
  readonly reducedPerSecond?: number;
  /** A zone with more nodes than this is large; in others evictions stop. Default 50. */
  readonly largeZone?: number;
  /** The share of unhealthy nodes from which on there are many; default 0.55. At least three must be unhealthy. */
  readonly unhealthyShare?: number;
}

type ZoneState = 'normal' | 'partial disruption' | 'full disruption';

/** What has changed for the nodes of zones. */
export interface DisruptionChange {
  /** Whether evictions were stopped or resumed everywhere; undefined: neither. */
  readonly everywhere?: 'stopped' | 'resumed';
  /** Zones in which nodes are now tainted at another rate. */
  readonly zones: readonly string[];
}

interface Zone {
  readonly limiter: EvictionLimiter;
  readonly ready: Set<string>;
  readonly notReady: Set<string>;
}

const betaZone = 'failure-domain.beta.kubernetes.io';
const excluded = 'node.kubernetes.io/exclude-disruption';
const fewestUnhealthy = 3;

/** Names the zone of a node; '' for none. */
export function zoneOf({ metadata: { labels = {} } }: Node): string {
  const zone = labels[`${betaZone}/zone`] ?? labels['topology.kubernetes.io/zone'] ?? '';
  const region = labels[`${betaZone}/region`] ?? labels['topology.kubernetes.io/region'] ?? '';
  return zone === '' && region === '' ? '' : `${region}:\0:${zone}`;
}

const isReady = ({ status }: Node): boolean =>
  status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;

export class DisruptionZones {
  readonly #rates: Required<EvictionRates>;
  readonly #zones = new Map<string, Zone>();
  readonly #zoneOfNode = new Map<string, string>();
  #stopped = false;

  constructor({ usualPerSecond = 0.1, reducedPerSecond = 0.01, largeZone = 50, unhealthyShare = 0.55 }: EvictionRates = {}) {
    this.#rates = { usualPerSecond, reducedPerSecond, largeZone, unhealthyShare };
  }

  /** True while no node of the cluster is healthy. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Notes the state of a node. */
  set(node: Node, nowMs: number): DisruptionChange {
    const { name, labels } = node.metadata;
    const key = zoneOf(node);
    const zone = this.#zone(key);
    const ready = isReady(node);
    const counts = labels?.[excluded] === undefined;
    const known = this.#zoneOfNode.get(name);
    if (known === key && zone.ready.has(name) === (counts && ready) && zone.notReady.has(name) === (counts && !ready)) return { zones: [] };
    this.#forget(name);
    this.#zoneOfNode.set(name, key);
    if (counts) (ready ? zone.ready : zone.notReady).add(name);
    return this.#decide(nowMs);
  }

  /** Notes that a node is gone. */
  delete(name: string, nowMs: number): DisruptionChange {
    return this.#forget(name) ? this.#decide(nowMs) : { zones: [] };
  }

  /** How many nodes there are in each zone. */
  *sizes(): Iterable<{ readonly zone: string; readonly ready: number; readonly notReady: number }> {
    for (const [zone, { ready, notReady }] of this.#zones) {
      if (ready.size + notReady.size > 0) yield { zone, ready: ready.size, notReady: notReady.size };
    }
  }

  /** See `EvictionLimiter.take`. */
  take(node: Node, nowMs: number): number | undefined {
    return this.#zone(zoneOf(node)).limiter.take(nowMs);
  }

  #zone(key: string): Zone {
    const known = this.#zones.get(key);
    if (known !== undefined) return known;
    const rate = this.#stopped ? 0 : this.#rates.usualPerSecond;
    const zone = { limiter: new EvictionLimiter(rate), ready: new Set<string>(), notReady: new Set<string>() };
    this.#zones.set(key, zone);
    return zone;
  }

  #forget(name: string): boolean {
    const key = this.#zoneOfNode.get(name);
    const zone = this.#zones.get(key ?? '');
    if (key === undefined || zone === undefined) return false;
    this.#zoneOfNode.delete(name);
    zone.ready.delete(name);
    zone.notReady.delete(name);
    return true;
  }

  #stateOf({ ready, notReady }: Zone): ZoneState {
    if (ready.size === 0 && notReady.size > 0) return 'full disruption';
    const share = notReady.size / (notReady.size + ready.size);
    return notReady.size >= fewestUnhealthy && share >= this.#rates.unhealthyShare ? 'partial disruption' : 'normal';
  }

  #rateOf(zone: Zone): number {
    const { usualPerSecond, reducedPerSecond, largeZone } = this.#rates;
    if (this.#stateOf(zone) !== 'partial disruption') return usualPerSecond;
    return zone.ready.size + zone.notReady.size > largeZone ? reducedPerSecond : 0;
  }

  #decide(nowMs: number): DisruptionChange {
    const counted = [...this.#zones.values()].filter(({ ready, notReady }) => ready.size + notReady.size > 0);
    const before = this.#stopped;
    this.#stopped = counted.length > 0 && counted.every((zone) => this.#stateOf(zone) === 'full disruption');
    const zones: string[] = [];
    for (const [key, zone] of this.#zones) if (zone.limiter.setRate(this.#stopped ? 0 : this.#rateOf(zone), nowMs)) zones.push(key);
    if (before === this.#stopped) return { zones };
    return { everywhere: this.#stopped ? 'stopped' : 'resumed', zones };
  }
}
