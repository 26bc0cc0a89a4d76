/** What the scheduler decides in a cluster of given objects, without an API server: refusals, scores, evictions. */
import type { Node, Pod } from '../../../api/generated/core/v1.ts';
import type { Kind } from '../../../api/kind.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { Meters } from '../../../api/meters.ts';
import type { KubeObject } from '../../../api/object.ts';
import { FakeClock } from '../../../client/fake-clock.ts';
import { IndexedCache } from '../../../client/indexed-cache.ts';
import type { InformerFactory } from '../../../client/informer.ts';
import { silentLogger } from '../../../client/logger.ts';
import { diagnosisMessage } from '../fit-message.ts';
import { CycleState } from '../framework/cycle-state.ts';
import { Framework } from '../framework/framework.ts';
import type { FrameworkHandle, PluginEntry } from '../framework/plugin.ts';
import { isRejection, type Status } from '../framework/status.ts';
import { WaitingPods } from '../framework/waiting-pods.ts';
import type { NodeInfo, PodInfo } from '../node-info.ts';
import { Nominator, nominatedNode } from '../nominator.ts';
import { defaultBinder } from '../plugins/default-binder.ts';
import { defaultPlugins } from '../plugins/default-plugins.ts';
import { prioritySort } from '../plugins/priority-sort.ts';
import { SchedulerCache } from '../scheduler-cache.ts';
import { NodeSelector } from '../select-node.ts';
import { type GeneratedCluster, isPod } from './generated-clusters.ts';

export interface Decision {
  /** The code and the reasons of each node that does not fit. */
  readonly refusals?: Readonly<Record<string, readonly string[]>>;
  /** For each node that fits, the weighted score by each plugin. */
  readonly scores?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The message when no node fits. */
  readonly message?: string;
  /** Where the victims are evicted. */
  readonly nominated?: string;
  readonly victims?: readonly string[];
}

/** Caches of fixed objects. */
function informersOf(objects: readonly KubeObject[]): InformerFactory {
  const caches = new Map<string, IndexedCache<KubeObject>>();
  const cacheOf = (kind: string): IndexedCache<KubeObject> => {
    const known = caches.get(kind);
    if (known !== undefined) return known;
    const cache = new IndexedCache<KubeObject>();
    caches.set(kind, cache);
    for (const object of objects) if (object.kind === kind) cache.set(object);
    return cache;
  };
  const informer = ({ kind }: { readonly kind: string }) => ({ cache: cacheOf(kind), synced: () => Promise.resolve() });
  // Plugins only read caches while they decide.
  return { informer, synced: () => Promise.resolve() } as unknown as InformerFactory;
}

class Setting {
  readonly cache = new SchedulerCache();
  readonly victims: string[] = [];
  readonly #handle: FrameworkHandle;
  readonly #work: Promise<void>[] = [];

  constructor({ objects }: GeneratedCluster) {
    const clock = new FakeClock(Date.parse('2026-06-01T00:00:00Z'));
    const nominated = new Nominator();
    for (const object of objects) {
      if (object.kind === 'Node') this.cache.setNode(object as Node);
      else if (isPod(object) && object.spec.nodeName !== undefined) this.cache.setPod(object);
      else if (isPod(object)) nominated.set(this.cache.infoOf(object), nominatedNode(object));
    }
    const resource = ({ kind }: Kind<KubeObject>) => ({
      patch: () => Promise.resolve(),
      delete: ({ name }: { readonly name: string }) => {
        if (kind === podKind.kind) this.victims.push(name);
        return Promise.resolve();
      },
    });
    this.#handle = {
      ...{
        clock,
        nominated,
        log: silentLogger,
        meters: new Meters(),
        signal: new AbortController().signal,
        random: () => 0,
        waitingPods: new WaitingPods(clock),
      },
      // Preemption patches and deletes Pods, and does nothing else.
      client: { resource } as unknown as FrameworkHandle['client'],
      informers: informersOf(objects),
      events: { event: () => undefined },
      activate: () => undefined,
      background: (work) => void this.#work.push(work),
    };
  }

  framework(plugins: readonly PluginEntry[] = defaultPlugins): Framework {
    return new Framework(plugins, this.#handle);
  }

  async evicted(): Promise<readonly string[]> {
    await Promise.all(this.#work);
    return this.victims.toSorted();
  }
}

const textsOf = ({ code, reasons }: Status): readonly string[] => [code, ...reasons];

/** The weighted scores of each plugin by itself. */
function scoresOf(setting: Setting, pod: PodInfo, fitting: readonly NodeInfo[]): Decision['scores'] {
  const byNode: Record<string, Record<string, number>> = Object.fromEntries(fitting.map(({ name }) => [name, {}]));
  for (const entry of defaultPlugins) {
    let name = '';
    const alone: PluginEntry = {
      ...entry,
      create: (handle, args) => {
        const plugin = entry.create(handle, args);
        name = plugin.score === undefined ? '' : plugin.name;
        const { preScore, score, normalizeScore } = plugin;
        return { name: plugin.name, ...(preScore && { preScore }), ...(score && { score }), ...(normalizeScore && { normalizeScore }) };
      },
    };
    const framework = setting.framework([alone, { create: () => prioritySort }, { create: defaultBinder }]);
    if (name === '') continue;
    const totals = framework.score(new CycleState(), pod, fitting, setting.cache);
    for (const [i, node] of fitting.entries()) Object.assign(byNode[node.name] ?? {}, { [name]: totals[i] ?? 0 });
  }
  return byNode;
}

/** Decides about one of the cluster's Pods. */
export async function decide(cluster: GeneratedCluster, name: string): Promise<Decision> {
  const setting = new Setting(cluster);
  const object = cluster.objects.find((each): each is Pod => isPod(each) && each.metadata.name === name);
  if (object === undefined) throw new Error(`no Pod ${name}`);
  const pod = setting.cache.infoOf(object);
  const framework = setting.framework();
  const state = new CycleState();
  const { rejection, nodeNames } = framework.preFilter(state, pod, setting.cache);
  const refusals: Record<string, readonly string[]> = {};
  const fitting: NodeInfo[] = [];
  for (const node of setting.cache.nodes) {
    if (rejection !== undefined && isRejection(rejection)) refusals[node.name] = textsOf(rejection);
    else if (nodeNames !== undefined && !nodeNames.has(node.name)) refusals[node.name] = ['left out'];
    else {
      const refused = framework.refusal(state, pod, node);
      if (refused === undefined) fitting.push(node);
      else refusals[node.name] = textsOf(refused.status);
    }
  }
  const some = Object.keys(refusals).length === 0 ? {} : { refusals };
  if (fitting.length > 0) return { ...some, scores: scoresOf(setting, pod, fitting) ?? {} };
  const cycle = new CycleState();
  const selection = new NodeSelector({ framework, random: () => 0 }).select(cycle, pod, setting.cache);
  if (selection.type !== 'none') throw new Error(`${selection.type} though no node fits`);
  const { nomination, reasons } = await framework.postFilter(cycle, pod, selection.diagnosis.statuses, setting.cache);
  const message = diagnosisMessage(selection.diagnosis, reasons);
  const nominated = nomination?.nominatedNodeName ?? '';
  const victims = await setting.evicted();
  return { ...some, message, ...(nominated === '' ? {} : { nominated }), ...(victims.length === 0 ? {} : { victims }) };
}
