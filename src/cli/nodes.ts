/** The virtual nodes of a cluster: which there are, their names, zones and addresses. Pure. */

/** One virtual node. */
export interface NodeSettings {
  /** Decides its name and address; 0: the node of the control plane. */
  readonly index: number;
  /** Its failure zone; absent: none. */
  readonly zone?: string;
  /** What it is to be; absent: running. A node that is `deleted` stays in the list until nothing is left of it. */
  readonly wanted?: 'stopped' | 'deleted';
}

/** The first node has the profile's name, the others are `<profile>-m02` …, as in minikube. */
export const nodeName = ({ profile }: { readonly profile: string }, index: number): string =>
  index === 0 ? profile : `${profile}-m${String(index + 1).padStart(2, '0')}`;

/** The address at an offset in an IPv4 range. */
export function addressIn(cidr: string, offset: number): string {
  const [base = '0.0.0.0'] = cidr.split('/');
  const number = base.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0) + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/** The address of a node: those of the first nodes are the first of the pods' range. */
export const nodeAddress = (podCidr: string, index: number): string => addressIn(podCidr, 1 + index);

/** The nodes of a new cluster, spread over zones. */
export const newNodes = (count: number, zones: readonly string[] = []): readonly NodeSettings[] =>
  Array.from({ length: count }, (_, index) => {
    const zone = zones[index % zones.length];
    return { index, ...(zone === undefined ? {} : { zone }) };
  });

/**
 * The zone of a node that is added without one: that of the fewest nodes, the first of equals; undefined in a cluster
 * without zones.
 */
export function nextZone(nodes: readonly NodeSettings[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { zone } of nodes) if (zone !== undefined) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  let least: string | undefined;
  for (const [zone, count] of counts) if (least === undefined || count < (counts.get(least) ?? 0)) least = zone;
  return least;
}

/**
 * How many addresses a new cluster sets aside for nodes, so that nodes can be added: a sixteenth of the range, 64 at
 * most.
 */
export function nodeAddressCount(podCidr: string, nodes: number): number {
  const size = 2 ** (32 - Number(podCidr.split('/')[1]));
  return Math.max(nodes, Math.min(64, Math.floor(size / 16)));
}

/**
 * The index of the next node: one more than the last, as in minikube, or the first free one; undefined: there is no
 * room.
 */
export function nextIndex(nodes: readonly NodeSettings[], addresses: number): number | undefined {
  const used = new Set(nodes.map(({ index }) => index));
  const next = Math.max(...used) + 1;
  if (next < addresses) return next;
  return Array.from({ length: addresses }, (_, index) => index).find((index) => !used.has(index));
}
