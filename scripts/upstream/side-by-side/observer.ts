/** Watches all namespaces of one side: what is there, what was made in which order, and what events told. */
import type { AnyKind } from '../../../src/api/kind.ts';
import { builtInKinds } from '../../../src/api/kinds/index.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import type { Client } from '../../../src/client/client.ts';

const observed: readonly string[] = [
  ...['pods', 'replicationcontrollers', 'endpoints', 'persistentvolumeclaims', 'resourcequotas', 'serviceaccounts', 'events'],
  ...['deployments.apps', 'replicasets.apps', 'statefulsets.apps', 'daemonsets.apps', 'controllerrevisions.apps'],
  ...['jobs.batch', 'cronjobs.batch', 'horizontalpodautoscalers.autoscaling', 'poddisruptionbudgets.policy'],
  ...['endpointslices.discovery.k8s.io', 'nodes', 'namespaces', 'persistentvolumes', 'secrets'],
  ...['clusterroles.rbac.authorization.k8s.io', 'certificatesigningrequests.certificates.k8s.io'],
];

export const kindOf = (resourceName: string): AnyKind => {
  const kind = builtInKinds.find((one) => one.resourceName === resourceName);
  if (kind === undefined) throw new Error(`there is no resource ${resourceName}`);
  return kind;
};

const isAboutNode = (event: KubeObject): boolean =>
  (event as KubeObject & { readonly involvedObject: { readonly kind: string } }).involvedObject.kind === 'Node';

/** Of an object without a namespace: that of its scenario. */
export const scenarioLabel = 'side-by-side/namespace';

/** Under which namespace an object is shown: one that is being deleted, among what it holds. */
function placeOf({ kind, metadata }: KubeObject): string | undefined {
  if (kind === 'Node') return '';
  if (kind !== 'Namespace') return metadata.namespace ?? metadata.labels?.[scenarioLabel];
  return metadata.deletionTimestamp === undefined ? undefined : metadata.name;
}

/** What a namespace holds; the one without a name: the nodes. */
export class NamespaceView {
  /** The objects that are there, by their uids. */
  readonly current = new Map<string, KubeObject>();
  /** All that have ever been there, in the order in which they were made; their first states. */
  readonly made: KubeObject[] = [];
  /** The events, in the order in which they were written; their last states. */
  readonly events = new Map<string, KubeObject>();
  lastChangeMs = 0;

  /** This namespace together with what is told of nodes from now on. */
  withNodes(nodes: NamespaceView, told: NamespaceView): () => NamespaceView {
    const before = new Set(told.events.keys());
    return () => {
      const both = new NamespaceView();
      for (const [uid, object] of [...this.current, ...nodes.current]) both.current.set(uid, object);
      both.made.push(...this.made);
      for (const [uid, event] of this.events) both.events.set(uid, event);
      for (const [uid, event] of told.events) if (!before.has(uid) && isAboutNode(event)) both.events.set(uid, event);
      return both;
    };
  }

  see(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void {
    this.lastChangeMs = Date.now();
    const { uid } = object.metadata;
    if (object.kind === 'Event') {
      if (type !== 'DELETED') this.events.set(uid, object);
      return;
    }
    if (type === 'ADDED') this.made.push(object);
    if (type === 'DELETED') this.current.delete(uid);
    else this.current.set(uid, object);
  }

  /** Those of a kind, in the order in which they were made. */
  list(kind: string): readonly KubeObject[] {
    return this.made.flatMap(({ metadata }) => this.current.get(metadata.uid) ?? []).filter((object) => object.kind === kind);
  }
}

export class Observer {
  readonly #views = new Map<string, NamespaceView>();
  readonly #stop = new AbortController();
  readonly #watches: Promise<void>[];

  constructor(client: Client) {
    this.#watches = observed.map((name) => this.#watch(client, kindOf(name)));
    // Whoever stops it learns of failures.
    for (const watch of this.#watches) watch.catch(() => undefined);
  }

  view(namespace: string): NamespaceView {
    let view = this.#views.get(namespace);
    if (view === undefined) {
      view = new NamespaceView();
      this.#views.set(namespace, view);
    }
    return view;
  }

  /** Rejects when a watch has failed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#watches);
  }

  async #watch(client: Client, kind: AnyKind): Promise<void> {
    for await (const batch of client.resource(kind).watch({ signal: this.#stop.signal })) {
      for (const event of batch) {
        if (event.type === 'BOOKMARK') continue;
        const object = { ...event.object, kind: kind.kind, apiVersion: kind.apiVersion };
        const place = placeOf(object);
        // Events name what they are about; their own namespace is the same, or that of cluster-wide objects: default.
        if (place !== undefined) this.view(place).see(event.type, object);
      }
    }
  }
}
