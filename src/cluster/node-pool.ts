/**
 * The virtual nodes of a running cluster. Nodes are started, switched off and removed as the profile wants them; all
 * steps are idempotent, and a change that a crash has cut short is done at the next start.
 *
 * A node that is switched off fails as a machine does that loses its power: nobody renews its lease, its containers are
 * killed, its address is gone, and the API is told nothing. What becomes of its pods is up to the controllers. When it
 * is started again, its kubelet reads from the API which pods it still has, and runs these anew.
 */
import { join } from 'node:path';
import type { ShutdownOrder } from '../api/cluster-shutdown.ts';
import { errorText } from '../api/error-text.ts';
import type { Pod } from '../api/generated/core/v1.ts';
import { node as nodeKind } from '../api/kinds/core/node.ts';
import { pod as podKind } from '../api/kinds/core/pod.ts';
import { refOf } from '../api/object.ts';
import { isNotFound } from '../api/status-error.ts';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { type NodeSettings, nodeName } from '../cli/nodes.ts';
import type { Client } from '../client/client.ts';
import { clusterAdmin } from '../client/identity.ts';
import { disruptionTarget } from '../controllers/disruption-target.ts';
import { isPodTerminal } from '../controllers/pods.ts';
import type { Kubelet } from '../runtime/kubelet/kubelet.ts';
import { bootAgain, losePower, removeContainers } from '../runtime/kubelet/node/power.ts';
import { shutdownPeriods } from '../runtime/kubelet/node/shutdown-groups.ts';
import { addServiceRoute, removeServiceRoute } from '../runtime/network/host-network.ts';
import { addressesOf, nodeRange } from './addresses.ts';
import { hostMounter, nodesFolder, routesByHelper } from './container-runtime.ts';
import { type NodeParts, type Services, startNode } from './nodes.ts';

/**
 * For nodes whose configuration does not say, in seconds. Source: the example of
 * kubernetes.io/docs/concepts/cluster-administration/node-shutdown.
 */
const usualPeriods = shutdownPeriods(30, 10);

/** Whether a node is to run. */
const isWanted = ({ wanted }: NodeSettings): boolean => wanted === undefined;

const nothingToClose = (): Promise<void> => Promise.resolve();

export interface NodePoolOptions {
  readonly settings: ClusterSettings;
  readonly parts: NodeParts;
  /** The running kubelets, for the API server; the pool keeps this list. */
  readonly kubelets: Kubelet[];
}

interface RunningNode {
  readonly kubelet: Kubelet;
  closePort(): Promise<void>;
  /** Ends what the node does besides its kubelet. */
  readonly stop: AbortController;
}

export class NodePool {
  readonly #options: NodePoolOptions;
  readonly #running = new Map<number, RunningNode>();
  readonly #off = new Set<string>();
  /** What the nodes have been made, by their index. */
  readonly #made = new Map<number, NodeSettings['wanted'] | 'running'>();
  #services: Services | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: NodePoolOptions) {
    this.#options = options;
  }

  /** Starts the nodes that are to run; resolves when pods can be scheduled to them. Rejects when one cannot start. */
  async start(): Promise<void> {
    const { settings, parts } = this.#options;
    await Promise.all(settings.nodes.map((node) => this.#make(node)));
    await parts.schedulable?.(settings.nodes.filter(isWanted).map((node) => this.#name(node)));
  }

  /** Tells what carries traffic, once it runs, about nodes that are switched off. */
  async use(services: Services): Promise<void> {
    this.#services = services;
    if (this.#off.size > 0) await this.#tellNetwork();
  }

  /** See `RunningCluster.setNodes`. */
  set(wanted: readonly NodeSettings[]): Promise<Readonly<Record<string, string>>> {
    const outcome = this.#turn.then(() => this.#set(wanted));
    this.#turn = outcome.catch(() => undefined);
    return outcome;
  }

  /** How long it may take to shut down the nodes as they are configured; 0: they are not shut down. */
  get shutdownSeconds(): number {
    return Math.max(0, ...[...this.#running.values()].map(({ kubelet }) => kubelet.shutdownSeconds));
  }

  /**
   * Shuts the running nodes down gracefully, all at once: those whose kubelets are configured to, or all (`always`).
   * Resolves with how many pods ended. When the signal aborts, the nodes go on as before.
   */
  shutDown({ always }: ShutdownOrder, signal: AbortSignal): Promise<number> {
    const outcome = this.#turn.then(async () => {
      const nodes = [...this.#running.values()].map(({ kubelet }) => kubelet.shutDown(always ? usualPeriods : [], signal));
      return (await Promise.all(nodes)).reduce((sum, count) => sum + count, 0);
    });
    this.#turn = outcome.catch(() => undefined);
    return outcome;
  }

  /** Stops all kubelets; containers run on. */
  async stop(): Promise<void> {
    await this.#turn;
    await Promise.all([...this.#running.values()].flatMap(({ kubelet, closePort }) => [closePort(), kubelet.stop()]));
  }

  async #set(wanted: readonly NodeSettings[]): Promise<Readonly<Record<string, string>>> {
    const failures: Record<string, string> = {};
    for (const node of wanted) {
      if (this.#made.get(node.index) === (node.wanted ?? 'running')) continue;
      try {
        await this.#make(node);
        if (isWanted(node)) await this.#options.parts.schedulable?.([this.#name(node)]);
      } catch (error) {
        failures[this.#name(node)] = errorText(error);
        this.#options.parts.log.error('A node could not be made as it is wanted', { node: this.#name(node), wanted: node.wanted, error });
      }
    }
    for (const index of this.#made.keys()) if (!wanted.some((node) => node.index === index)) this.#made.delete(index);
    return failures;
  }

  #name({ index }: NodeSettings): string {
    return nodeName(this.#options.settings, index);
  }

  async #make(node: NodeSettings): Promise<void> {
    this.#made.delete(node.index);
    if (node.wanted === undefined) await this.#switchOn(node);
    else await this.#switchOff(node);
    if (node.wanted === 'deleted') await this.#remove(node);
    this.#made.set(node.index, node.wanted ?? 'running');
  }

  async #switchOn(node: NodeSettings): Promise<void> {
    const { settings, parts, kubelets } = this.#options;
    if (this.#running.has(node.index)) return;
    if (this.#hasAddress(node)) await addServiceRoute(nodeRange(settings, node.index), routesByHelper(settings));
    if (this.#off.has(this.#name(node))) await bootAgain(parts.runtime, this.#name(node));
    const stop = new AbortController();
    const kubelet = await startNode(settings, node, { ...parts, signal: AbortSignal.any([parts.signal, stop.signal]) });
    this.#running.set(node.index, { kubelet, stop, closePort: await this.#openPort(node) });
    kubelets.push(kubelet);
    if (this.#off.delete(this.#name(node))) await this.#tellNetwork();
  }

  /** Without its port a node does all that it does but answer those who scrape it. */
  async #openPort(node: NodeSettings): Promise<() => Promise<void>> {
    const { settings, parts } = this.#options;
    const name = this.#name(node);
    const ip = addressesOf(settings).nodeIp(node.index);
    try {
      return (await parts.openPort?.(name, ip)) ?? nothingToClose;
    } catch (error) {
      parts.log.warn("A kubelet's port cannot be opened: its metrics are read through the API server only", { node: name, error });
      return nothingToClose;
    }
  }

  async #switchOff(node: NodeSettings): Promise<void> {
    const { settings, parts, kubelets } = this.#options;
    const name = this.#name(node);
    const running = this.#running.get(node.index);
    if (running !== undefined) {
      this.#running.delete(node.index);
      kubelets.splice(kubelets.indexOf(running.kubelet), 1);
      await Promise.all([running.closePort(), running.kubelet.stop()]);
      running.stop.abort();
    }
    this.#off.add(name);
    await this.#tellNetwork();
    if (this.#hasAddress(node)) await removeServiceRoute(nodeRange(settings, node.index), routesByHelper(settings));
    await losePower(parts.runtime, name);
  }

  /** Removes everything of a node that is switched off. */
  async #remove(node: NodeSettings): Promise<void> {
    const { settings, parts } = this.#options;
    const name = this.#name(node);
    const client = parts.clientFor(clusterAdmin);
    await ignoringNotFound(client.resource(nodeKind).delete({ namespace: '', name }));
    // The pod garbage collector would wait whether the node comes back.
    const { items } = await client.resource(podKind).list({ fieldSelector: `spec.nodeName=${name}` });
    for (const pod of items) await ignoringNotFound(removeLostPod(client, pod, parts.clock.now()));
    await removeContainers(parts.runtime, name);
    const mounter = hostMounter(settings);
    const folder = join(nodesFolder(settings), name);
    for (const mount of await mounter.mountsBelow(folder)) await mounter.unmount(mount);
    await mounter.removeTree(folder);
    if (this.#off.delete(name)) await this.#tellNetwork();
  }

  /** The first node has the address of the bridge; those of a simulated cluster exist nowhere. */
  #hasAddress({ index }: NodeSettings): boolean {
    return index > 0 && this.#options.settings.runtime === 'docker';
  }

  async #tellNetwork(): Promise<void> {
    await this.#services?.setSwitchedOff(new Set(this.#off));
  }
}

/** Removes a pod as the pod garbage collector does. */
async function removeLostPod(client: Client, pod: Pod, nowMs: number): Promise<void> {
  const api = client.resource(podKind);
  const because = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' };
  const body = disruptionTarget(pod, because, nowMs, 'Failed');
  if (!isPodTerminal(pod)) await api.patch(refOf(pod), { type: 'strategic', subresource: 'status', body });
  await api.delete(refOf(pod), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
}

async function ignoringNotFound(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
