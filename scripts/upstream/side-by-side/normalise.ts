/** What a namespace holds and was told, without what is drawn at random, depends on the time, or is Go's. */
import { isObject, type JsonObject, type JsonValue } from '../../../src/api/json.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { asJson } from '../../../src/api/object-fields.ts';
import type { NamespaceView } from './observer.ts';

const always: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>'],
  [/\b10\.\d+\.\d+\.\d+\b/g, '<ip>'],
  [/\bside-node-\d\b/g, '<node>'],
  [/\bkube-api-access-[a-z0-9]{5}\b/g, 'kube-api-access-<random>'],
  // The name of a Pod that was refused.
  [/(pods "[a-z0-9-]*-)[a-z0-9]{5}(?=" is forbidden)/g, '$1<random>'],
  // Certificates and tokens, in base 64.
  [/^(?:LS0tLS1CRUdJTiBDRVJUSUZJQ0FUR|ZXlKa)[A-Za-z0-9+/=]{100,}$/g, '<signed>'],
  // Jobs of a CronJob are named by the minute for which they were due.
  [/-\d{8}\b/g, '-<minute>'],
];

/** A text without what differs each time. */
export const constantText = (original: string): string => always.reduce((text, [pattern, by]) => text.replaceAll(pattern, by), original);

const dropped = new Set(['managedFields', 'resourceVersion', 'uid']);

/** The hash in the names of a ReplicaSet's or a DaemonSet's Pods: they are computed from Go's dump of the template. */
function hashOf({ kind, metadata }: KubeObject): string | undefined {
  const { labels = {}, ownerReferences: [owner] = [] } = metadata;
  if (kind === 'ReplicaSet') return labels['pod-template-hash'];
  return kind === 'ControllerRevision' && owner?.kind === 'DaemonSet' ? labels['controller-revision-hash'] : undefined;
}

/** The names that are drawn or hashed, with what stands for them; longest first. */
function replacements({ made }: NamespaceView): readonly (readonly [string, string])[] {
  const found = new Map<string, string>();
  const hashes = new Map<string, Set<string>>();
  for (const object of made) {
    const hash = hashOf(object);
    const owner = object.metadata.ownerReferences?.[0]?.uid ?? '';
    if (hash === undefined) continue;
    const known = hashes.get(owner) ?? new Set();
    hashes.set(owner, known.add(hash));
    found.set(hash, `<hash ${[...known].indexOf(hash) + 1}>`);
  }
  for (const { metadata } of made) {
    const { name, generateName } = metadata;
    // StatefulSets name their Pods themselves.
    if (generateName && name.startsWith(generateName) && /^[a-z0-9]{5}$/.test(name.slice(generateName.length)))
      found.set(name, `${generateName}<random>`);
  }
  return [...found].toSorted(([a], [b]) => b.length - a.length);
}

/** Sorted where the order of a list depends on addresses, or on who comes first. */
const unordered = new Set(['endpoints', 'addresses', 'notReadyAddresses', 'subsets', 'taints']);

function members(value: JsonValue, text: (text: string) => string, key = ''): JsonValue {
  if (typeof value === 'string') return text(value);
  // Facts are merge patches, which cannot say null.
  if (value === null) return '<null>';
  if (Array.isArray(value)) {
    const items = value.map((item: JsonValue) => members(item, text));
    return unordered.has(key) ? items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([member, inner]) => inner !== undefined && !dropped.has(member))
      .map(([member, inner]) => [text(member), members(inner ?? null, text, member)]),
  );
}

export interface Snapshot {
  /** By `Kind name`; those that look the same are one, with their number. */
  readonly objects: JsonObject;
  /** By kind and owner: names in the order in which they were made. */
  readonly made: Readonly<Record<string, readonly string[]>>;
  /** By object and who reports: what was told, in order. */
  readonly events: Readonly<Record<string, readonly string[]>>;
}

interface EventFields {
  readonly involvedObject: { readonly kind: string; readonly name: string; readonly uid: string };
  readonly type: string;
  readonly reason: string;
  readonly message?: string;
  readonly source?: { readonly component?: string };
  readonly reportingComponent?: string;
}

/** Counts equal neighbours: `a`, `a ×2`. */
function counted(texts: readonly string[]): readonly string[] {
  const runs: { readonly text: string; count: number }[] = [];
  for (const text of texts) {
    const last = runs.at(-1);
    if (last?.text === text) last.count++;
    else runs.push({ text, count: 1 });
  }
  return runs.map(({ text, count }) => (count === 1 ? text : `${text} ×${count}`));
}

/** Those who make and delete several Pods at once, in no order. */
const madeAtOnce = ({ made }: NamespaceView): ReadonlySet<string> =>
  new Set(
    made
      .filter(
        (object) =>
          object.kind === 'Job' || (object as { spec?: { podManagementPolicy?: string } }).spec?.podManagementPolicy === 'Parallel',
      )
      .map(({ metadata }) => metadata.uid),
  );

/** The texts with neighbours of the same reason sorted. */
function sortedByReason(texts: readonly string[]): readonly string[] {
  const reasonOf = (text: string): string => text.split(' ', 2).join(' ');
  const runs: string[][] = [];
  for (const text of texts) {
    const last = runs.at(-1);
    if (last !== undefined && reasonOf(last[0] ?? '') === reasonOf(text)) last.push(text);
    else runs.push([text]);
  }
  return runs.flatMap((run) => run.toSorted());
}

/** How often something is tried depends on the time that passes. */
const withoutRepetitions = (texts: readonly string[]): readonly string[] =>
  texts.filter((text, i) => !text.startsWith('Warning') || (texts.indexOf(text) === i && !text.includes('(combined from similar events)')));

export function snapshotOf(view: NamespaceView, namespace: string): Snapshot {
  const table = replacements(view);
  const text = (original: string): string => {
    let changed = original.replaceAll(namespace, '<namespace>');
    for (const [name, by] of table) changed = changed.replaceAll(name, by);
    return constantText(changed);
  };
  const groups = new Map<string, Map<string, { readonly value: JsonValue; count: number }>>();
  for (const object of view.current.values()) {
    const value = members(asJson(object), text);
    const key = `${object.kind} ${text(object.metadata.name)}`;
    const same = groups.get(key) ?? new Map();
    groups.set(key, same);
    const id = JSON.stringify(value);
    const known = same.get(id);
    if (known === undefined) same.set(id, { value, count: 1 });
    else known.count++;
  }
  const objects = [...groups].flatMap(([key, same]) =>
    [...same.entries()]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { value, count }], i): [string, JsonValue] => [
        `${key}${i === 0 ? '' : ` (${i + 1})`}${count === 1 ? '' : ` ×${count}`}`,
        value,
      ]),
  );
  const atOnce = madeAtOnce(view);
  const made = new Map<string, string[]>();
  for (const { kind, metadata } of view.made) {
    const [owner] = metadata.ownerReferences ?? [];
    const key = owner === undefined ? kind : `${kind} of ${owner.kind} ${text(owner.name)}`;
    const names = [...(made.get(key) ?? []), text(metadata.name)];
    made.set(key, atOnce.has(owner?.uid ?? '') ? names.toSorted() : names);
  }
  const events = new Map<string, readonly string[]>();
  // A watch reports every event when it is made; later changes only count.
  for (const event of view.events.values()) {
    const { involvedObject, type, reason, message = '', source, reportingComponent } = event as KubeObject & EventFields;
    const key = `${involvedObject.kind} ${text(involvedObject.name)} (${reportingComponent || (source?.component ?? '')})`;
    const texts = withoutRepetitions([...(events.get(key) ?? []), `${type} ${reason} ${text(message)}`]);
    events.set(key, atOnce.has(involvedObject.uid) ? sortedByReason(texts) : texts);
  }
  const sorted = (lists: ReadonlyMap<string, readonly string[]>) =>
    Object.fromEntries([...lists].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, texts]) => [key, counted(texts)]));
  return {
    objects: Object.fromEntries(objects.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    made: sorted(made),
    events: sorted(events),
  };
}
