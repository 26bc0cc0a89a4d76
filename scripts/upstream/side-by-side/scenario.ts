/**
 * A scenario: what users do in one namespace, step by step, as a file of testdata/side-by-side/scenarios says. After
 * each step the nodes do their work, one Pod at a time, until nothing changes any more.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { JsonObject, JsonValue } from '../../../src/api/json.ts';
import type { AnyKind } from '../../../src/api/kind.ts';
import { namespace as namespaceKind } from '../../../src/api/kinds/core/namespace.ts';
import { pod } from '../../../src/api/kinds/core/pod.ts';
import { builtInKinds } from '../../../src/api/kinds/index.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { asObject } from '../../../src/api/object-fields.ts';
import { StatusError } from '../../../src/api/status-error.ts';
import { doesAnnotation, type FakeNodes } from './fake-kubelet.ts';
import { constantText, type Snapshot, snapshotOf } from './normalise.ts';
import { kindOf, type Observer, scenarioLabel } from './observer.ts';
import type { Side } from './side.ts';

export interface Step {
  readonly name: string;
  readonly create?: readonly JsonObject[];
  /** Merge patches, by `resource/name` or `resource/name/subresource`. */
  readonly patch?: Readonly<Record<string, JsonValue>>;
  /** Propagation policies, by `resource/name`; `namespaces/self` is the scenario's own namespace. */
  readonly delete?: Readonly<Record<string, 'Background' | 'Foreground' | 'Orphan'>>;
  /** Label selectors (`app=web`): the first Pod made is evicted. */
  readonly evict?: readonly string[];
  /** What the Pods with these labels do from now on: `app=web: fail`. */
  readonly do?: Readonly<Record<string, string>>;
  /** Nodes of which nothing is heard any more, and on which nothing happens. */
  readonly silent?: readonly string[];
  /** Nodes that are heard of again; those that were deleted register themselves. */
  readonly back?: readonly string[];
  /** Seconds that go by. */
  readonly pass?: number;
  /** Until this second of a minute. */
  readonly to?: number;
}

export interface Scenario {
  /** The file's name. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** Whether it changes the nodes, which all scenarios share, so that it is played after the others and alone. */
  readonly changesNodes: boolean;
}

/** What a step led to. */
export interface Observation extends Snapshot {
  readonly step: string;
  /** What was refused, and why. */
  readonly refused: readonly string[];
}

export const folder = resolve(import.meta.dirname, '..', '..', '..', 'testdata', 'side-by-side');

const stepMembers = new Set(['name', 'create', 'patch', 'delete', 'evict', 'do', 'silent', 'back', 'pass', 'to']);
/** More often than nodes have to say that they live. */
const sliceMs = 10_000;
/** Nothing that ends needs more. */
const mostChanges = 300;

const changesNodes = ({ silent, back, patch = {}, delete: deleted = {} }: Step): boolean =>
  silent !== undefined || back !== undefined || Object.keys({ ...patch, ...deleted }).some((path) => path.startsWith('nodes/'));

/** All of them, those that change nodes last. Throws on a member that no step has. */
export function loadScenarios(): readonly Scenario[] {
  return readdirSync(join(folder, 'scenarios'))
    .toSorted()
    .map((file) => {
      // The project's own files, whose members are checked here and by the API.
      const steps = parse(readFileSync(join(folder, 'scenarios', file), 'utf8')) as readonly Step[];
      const unknown = steps.flatMap((step) => Object.keys(step)).find((member) => !stepMembers.has(member));
      if (unknown !== undefined) throw new Error(`${file}: no step has a member "${unknown}"`);
      return { name: basename(file, '.yaml'), steps, changesNodes: steps.some(changesNodes) };
    })
    .toSorted((a, b) => Number(a.changesNodes) - Number(b.changesNodes));
}

function kindOfObject({ apiVersion, kind }: JsonObject): AnyKind {
  const found = builtInKinds.find((one) => one.kind === kind && one.apiVersion === apiVersion);
  if (found === undefined) throw new Error(`there is no ${String(apiVersion)} ${String(kind)}`);
  return found;
}

const hasLabel = (object: KubeObject, selector: string): boolean => {
  const [key = '', value] = selector.split('=');
  return object.metadata.labels?.[key] === value;
};

/** The labels that a scenario gives an object. */
const asLabels = (labels: JsonValue | undefined): JsonObject => (labels ?? {}) as JsonObject;

/** What a path of a step is about. */
interface Named {
  readonly kind: AnyKind;
  readonly ref: { readonly namespace: string; readonly name: string };
  readonly subresource: string;
}

/** Where scenarios are played. */
export interface Stage {
  readonly side: Side;
  readonly observer: Observer;
  readonly nodes: FakeNodes;
}

/** Plays a scenario in a namespace of its own; resolves with what each step led to. */
export async function play(scenario: Scenario, { side, observer, nodes }: Stage): Promise<readonly Observation[]> {
  const { client } = side;
  const namespace = `side-${scenario.name}`;
  const view = observer.view(namespace);
  const allNodes = observer.view('');
  const shown = scenario.changesNodes ? view.withNodes(allNodes, observer.view('default')) : () => view;
  const settle = async (): Promise<void> => {
    await nodes.renewLeases();
    await side.settle(() => Math.max(view.lastChangeMs, scenario.changesNodes ? allNodes.lastChangeMs : 0));
  };
  const come = async (): Promise<void> => {
    await settle();
    for (let changes = 0; await nodes.stepPods(view); changes++) {
      if (changes > mostChanges) throw new Error(`${scenario.name}: the Pods do not come to rest`);
      await settle();
    }
  };
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= sliceMs) {
      await nodes.renewLeases();
      await side.pass(Math.min(left, sliceMs));
    }
  };
  const refused: string[] = [];
  const attempt = async (what: string, action: () => Promise<unknown>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      refused.push(`${what}: ${error.code} ${constantText(error.message.replaceAll(namespace, '<namespace>'))}`);
    }
  };
  const named = (path: string): Named => {
    const [resource = '', name = '', subresource = ''] = path.split('/');
    const kind = kindOf(resource);
    if (kind.scope === 'Namespaced') return { kind, ref: { namespace, name }, subresource };
    return { kind, ref: { namespace: '', name: path === 'namespaces/self' ? namespace : name }, subresource };
  };
  const act = async ({
    create = [],
    patch = {},
    delete: deleted = {},
    evict = [],
    do: doing = {},
    silent = [],
    back = [],
    pass: seconds = 0,
    to,
  }: Step): Promise<void> => {
    for (const [selector, does] of Object.entries(doing)) {
      const body = { metadata: { annotations: { [doesAnnotation]: does } } };
      for (const { metadata } of view.list('Pod').filter((object) => hasLabel(object, selector)))
        await client.resource(pod).patch({ namespace, name: metadata.name }, { type: 'merge', body });
    }
    for (const object of create) {
      const kind = kindOfObject(object);
      const metadata = object.metadata as JsonObject;
      // What has no namespace is shown by its label.
      const place = kind.scope === 'Namespaced' ? { namespace } : { labels: { ...asLabels(metadata.labels), [scenarioLabel]: namespace } };
      await attempt(`create ${String(object.kind)}`, () =>
        client.resource(kind).create(asObject({ ...object, metadata: { ...metadata, ...place } })),
      );
    }
    for (const [path, body] of Object.entries(patch)) {
      const { kind, ref, subresource } = named(path);
      await attempt(`patch ${path}`, () => client.resource(kind).patch(ref, { type: 'merge', body, subresource }));
    }
    for (const [path, propagationPolicy] of Object.entries(deleted))
      await attempt(`delete ${path}`, () => client.resource(named(path).kind).delete(named(path).ref, { propagationPolicy }));
    for (const selector of evict) {
      const victim = view.list('Pod').find((object) => hasLabel(object, selector) && object.metadata.deletionTimestamp === undefined);
      const name = victim?.metadata.name ?? '';
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
      await attempt(`evict ${selector}`, () => client.resource(pod).subresource('create', { namespace, name }, 'eviction', eviction));
    }
    for (const name of silent) nodes.silence(name);
    for (const name of back) await nodes.wake(name);
    if (to !== undefined) await pass(((60 + to - ((side.now() / 1000) % 60)) % 60) * 1000);
    await pass(seconds * 1000);
  };
  await client.resource(namespaceKind).create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await settle();
  const observations: Observation[] = [];
  for (const step of scenario.steps) {
    await act(step);
    await come();
    observations.push({ step: step.name, refused: refused.splice(0), ...snapshotOf(shown(), namespace) });
  }
  return observations;
}
