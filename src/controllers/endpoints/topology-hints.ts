/**
 * Says of endpoints for which zones or nodes they are meant: by the Service's `trafficDistribution`, or by its
 * annotation topology-mode, which shares the endpoints out among zones by their CPUs. Source: k8s.io/endpointslice
 * trafficdist/trafficdist.go, topologycache/{topologycache,utils,sliceinfo}.go.
 */
import type { Node, Service } from '../../api/generated/core/v1.ts';
import type { Endpoint, EndpointSlice } from '../../api/generated/discovery/v1.ts';
import { sameJson } from '../../api/same-json.ts';
import { millisOf } from '../quantities.ts';

const zoneLabel = 'topology.kubernetes.io/zone';
const excludedLabels = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];
/** How much more an endpoint may get than its share. */
const overload = 0.2;

/** Whether the annotation asks for zones to be chosen by their size. */
export function isTopologyAware({ metadata }: Service): boolean {
  const { annotations = {} } = metadata;
  const mode = annotations['service.kubernetes.io/topology-aware-hints'] ?? annotations['service.kubernetes.io/topology-mode'];
  return mode === 'Auto' || mode === 'auto';
}

const isReady = ({ conditions }: Endpoint): boolean => conditions?.ready === true;

function withHints(endpoint: Endpoint, hints: Endpoint['hints']): Endpoint {
  const { hints: _, ...rest } = endpoint;
  return hints === undefined ? rest : { ...rest, hints };
}

const zoneHint = (zone: string): NonNullable<Endpoint['hints']> => ({ forZones: [{ name: zone }] });

/** An endpoint as `trafficDistribution` wants it: those that are ready are for their own zone, or node. */
export function withDistribution(endpoint: Endpoint, { spec }: Service): Endpoint {
  const { trafficDistribution: wish } = spec;
  if (wish !== 'PreferClose' && wish !== 'PreferSameZone' && wish !== 'PreferSameNode') return endpoint;
  if (!isReady(endpoint)) return endpoint;
  const { zone, nodeName } = endpoint;
  const forNodes = wish === 'PreferSameNode' && nodeName !== undefined ? { forNodes: [{ name: nodeName }] } : {};
  const hints = { ...(zone === undefined ? {} : zoneHint(zone)), ...forNodes };
  return Object.keys(hints).length === 0 ? endpoint : withHints(endpoint, hints);
}

/** The share of each zone in the CPUs of the ready nodes; undefined when that cannot be told, or there is one zone. */
export function zoneShares(nodes: readonly Node[]): ReadonlyMap<string, number> | undefined {
  const cpus = new Map<string, number>();
  for (const { metadata, status } of nodes) {
    const labels = metadata.labels ?? {};
    const ready = status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
    if (!ready || excludedLabels.some((label) => label in labels)) continue;
    const zone = labels[zoneLabel] ?? '';
    const cpu = millisOf(status.allocatable?.cpu);
    if (zone === '' || cpu === 0) return undefined;
    cpus.set(zone, (cpus.get(zone) ?? 0) + cpu);
  }
  const total = [...cpus.values()].reduce((sum, cpu) => sum + cpu, 0);
  return cpus.size < 2 ? undefined : new Map([...cpus].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([zone, cpu]) => [zone, cpu / total]));
}

interface Allocation {
  readonly desired: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** How many endpoints each zone should have, or why that is impossible. */
function allocationsOf(count: number, shares: ReadonlyMap<string, number> | undefined): ReadonlyMap<string, Allocation> | string {
  if (shares === undefined) return 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';
  const numbers = `(${count} endpoints, ${shares.size} zones)`;
  if (shares.size > count) return `Insufficient number of endpoints ${numbers}`;
  const least = new Map([...shares].map(([zone, share]) => [zone, Math.ceil(share * count * (1 / (1 + overload)))]));
  const total = [...least.values()].reduce((sum, minimum) => sum + minimum, 0);
  if (total > count) return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${numbers}`;
  return new Map(
    [...shares].map(([zone, share]) => {
      const minimum = least.get(zone) ?? 0;
      return [zone, { minimum, maximum: minimum + count - total, desired: Math.max(share * count, minimum) }];
    }),
  );
}

/** The contents of a slice: one that is there, or one that is to be made. */
export interface SliceContents {
  readonly present: EndpointSlice | undefined;
  readonly endpoints: readonly Endpoint[];
}

type Counts = Map<string, number>;

/** How many endpoints of a slice that stays as it is are for which zone; undefined: its hints will not do. */
function validHints(endpoints: readonly Endpoint[], given: Counts, allocations: ReadonlyMap<string, Allocation>): Counts | undefined {
  const counts: Counts = new Map();
  for (const { hints } of endpoints.filter(isReady)) {
    const zones = hints?.forZones ?? [];
    if (zones.length === 0) return undefined;
    for (const { name } of zones) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const [zone, count] of counts) if (count + (given.get(zone) ?? 0) > (allocations.get(zone)?.maximum ?? -1)) return undefined;
  return counts;
}

function add(into: Counts, more: Counts): void {
  for (const [zone, count] of more) into.set(zone, (into.get(zone) ?? 0) + count);
}

const most = (wishes: ReadonlyMap<string, number>): readonly [string, number] =>
  [...wishes].reduce<readonly [string, number]>((best, entry) => (entry[1] > best[1] ? entry : best), ['', 0]);

/** How many endpoints zones give to others, and get. */
function moves(given: Counts, allocations: ReadonlyMap<string, Allocation>): { readonly giving: Counts; readonly receiving: Counts } {
  const differences = [...allocations].map(([zone, { desired }]) => [zone, (given.get(zone) ?? 0) - desired] as const);
  const tooMany = new Map(differences.filter(([, more]) => more > 0));
  const tooFew = new Map(differences.filter(([, more]) => more < 0).map(([zone, more]) => [zone, -more]));
  const [giving, receiving]: readonly Counts[] = [new Map(), new Map()];
  for (;;) {
    const [from, canGive] = most(tooMany);
    const [to, wants] = most(tooFew);
    if (from === '' || to === '' || (canGive < 1 && wants < 1) || canGive < 0.5 || wants < 0.5) break;
    tooMany.set(from, canGive - 1);
    tooFew.set(to, wants - 1);
    add(giving as Counts, new Map([[from, 1]]));
    add(receiving as Counts, new Map([[to, 1]]));
  }
  return { giving: giving as Counts, receiving: receiving as Counts };
}

/**
 * Shares the endpoints of all slices out among zones. Slices whose endpoints and hints can stay are left alone. Answers
 * a text, why there are no hints, when that cannot be done.
 */
export function sharedOut(
  slices: readonly SliceContents[],
  shares: ReadonlyMap<string, number> | undefined,
): readonly SliceContents[] | string {
  const count = slices.reduce((sum, { endpoints }) => sum + endpoints.filter(isReady).length, 0);
  const allocations = allocationsOf(count, shares);
  if (typeof allocations === 'string') return allocations;
  const given: Counts = new Map();
  const kept = new Set<SliceContents>();
  for (const slice of slices) {
    const same = sameJson(
      slice.present?.endpoints?.map((endpoint) => withHints(endpoint, undefined)),
      slice.endpoints.map((endpoint) => withHints(endpoint, undefined)),
    );
    const counts = same ? validHints(slice.present?.endpoints ?? [], given, allocations) : undefined;
    if (counts === undefined) continue;
    kept.add(slice);
    add(given, counts);
  }
  const others = slices.filter((slice) => !kept.has(slice)).flatMap(({ endpoints }) => endpoints.filter(isReady));
  if (others.some(({ zone }) => !zone)) return 'One or more endpoints do not have a zone specified';
  for (const { zone = '' } of others) given.set(zone, (given.get(zone) ?? 0) + 1);
  const { giving, receiving } = moves(given, allocations);
  const zoneFor = (own: string): string => {
    const [to] = [...receiving].find(([, wants]) => wants > 0) ?? [];
    const canGive = giving.get(own) ?? 0;
    if (to === undefined || canGive === 0) return own;
    giving.set(own, canGive - 1);
    receiving.set(to, (receiving.get(to) ?? 0) - 1);
    return to;
  };
  const shared = slices.map((slice) =>
    kept.has(slice)
      ? { ...slice, endpoints: slice.present?.endpoints ?? [] }
      : {
          ...slice,
          endpoints: slice.endpoints.map((endpoint) =>
            withHints(endpoint, isReady(endpoint) ? zoneHint(zoneFor(endpoint.zone ?? '')) : undefined),
          ),
        },
  );
  return given.size === 0 ? 'No hints allocated for zones' : shared;
}

/** The slices without hints. */
export const withoutHints = (slices: readonly SliceContents[]): readonly SliceContents[] =>
  slices.map((slice) => ({ ...slice, endpoints: slice.endpoints.map((endpoint) => withHints(endpoint, undefined)) }));
