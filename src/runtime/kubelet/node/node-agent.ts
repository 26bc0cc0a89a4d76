/**
 * Registers the node and keeps its status true: the status is written when something changed, and every five minutes
 * otherwise; the lease is the heartbeat. Source: pkg/kubelet/kubelet_node_status.go (registerWithAPIServer,
 * syncNodeStatus).
 */
import { deepEqual } from '../../../api/deep-equal.ts';
import type { Node } from '../../../api/generated/core/v1.ts';
import type { JsonObject, JsonValue } from '../../../api/json.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { refOf } from '../../../api/object.ts';
import { isConflict, isNotFound } from '../../../api/status-error.ts';
import type { Client } from '../../../client/client.ts';
import { type Clock, heartbeat, sleep } from '../../../client/clock.ts';
import type { EventRecorder } from '../../../client/event-recorder.ts';
import type { Logger } from '../../../client/logger.ts';
import type { ContainerRuntime, Image, RuntimeInfo } from '../../container/container-runtime.ts';
import type { KubeletConfig } from '../config/kubelet-config.ts';
import type { PressureCondition } from '../config/thresholds.ts';
import { keepNodeLease } from './node-lease.ts';
import { allResources, initialNode, type NodeIdentity, nodeLabels, nodeResources, nodeStatus, transitions } from './node-status.ts';

/** Source: pkg/kubelet/apis/config/v1beta1/defaults.go (nodeStatusReportFrequency). */
const reportMs = 300_000;
const retryMs = 1000;
const registerAttempts = 5;

export interface NodeAgentOptions {
  readonly identity: NodeIdentity;
  readonly info: RuntimeInfo;
  readonly config: KubeletConfig;
  readonly runtime: ContainerRuntime;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export class NodeAgent {
  readonly #options: NodeAgentOptions;
  #problem: string | undefined;
  #pressure: readonly PressureCondition[] = [];
  #shutsDown = false;
  #dirty = false;
  #wake: AbortController | undefined;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
  }

  /** Registers the node (or takes over its object) and writes its first status. Rejects when the API refuses. */
  async register(): Promise<Node> {
    // Retries conflicts: another client (setting taints or labels) may write between this read and this write. Source:
    // kubelet_node_status.go (nodeStatusUpdateRetry).
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#registerOnce();
      } catch (error) {
        if (!isConflict(error) || attempt >= registerAttempts) throw error;
      }
    }
  }

  async #registerOnce(): Promise<Node> {
    const { client, identity, info } = this.#options;
    const api = client.resource(nodeKind);
    const existing = await api.get({ namespace: '', name: identity.name }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    const wanted = nodeLabels(identity, info.architecture);
    let node = existing ?? (await api.create(initialNode(identity, info.architecture)));
    const labels = node.metadata.labels ?? {};
    if (existing !== undefined && Object.entries(wanted).some(([key, value]) => labels[key] !== value)) {
      node = await api.update({ ...node, metadata: { ...node.metadata, labels: { ...labels, ...wanted } } });
    }
    this.#options.events.event(node, 'Normal', 'Starting', 'Starting kubelet.');
    return this.#writeStatus(node);
  }

  /** Sets why the engine is down, or undefined when it works. */
  setRuntimeProblem(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#changed();
  }

  /** Sets which resources the node is short of. */
  setPressure(conditions: readonly PressureCondition[]): void {
    this.#pressure = conditions;
    this.#changed();
  }

  /** Sets whether the node shuts down. */
  setShutsDown(shutsDown: boolean): void {
    this.#shutsDown = shutsDown;
    this.#changed();
  }

  /**
   * Called when the Node object changed. Resources that other clients added to its capacity become allocatable; when
   * the control plane has heard nothing of the node for a while, as while its machine slept, it is told at once how the
   * node is. Source: pkg/kubelet/kubelet_node_status.go (tryUpdateNodeStatus compares with what the API says).
   */
  nodeChanged({ status }: Node): void {
    const { config, info } = this.#options;
    if (status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'Unknown') === true) this.#changed();
    const { capacity, allocatable } = allResources(nodeResources(info, config), status);
    if (!deepEqual(capacity, status.capacity) || !deepEqual(allocatable, status.allocatable)) this.#changed();
  }

  /** Images or other facts changed. */
  touch(): void {
    this.#changed();
  }

  /** Keeps lease and status until the signal aborts. */
  async run(node: Node): Promise<void> {
    const { client, clock, log, signal } = this.#options;
    await Promise.all([keepNodeLease({ client, clock, log, signal, node }), this.#keepStatus()]);
  }

  async #keepStatus(): Promise<void> {
    const { client, identity, log, signal } = this.#options;
    let delayMs = reportMs;
    while (!signal.aborted) {
      await this.#nextChange(delayMs);
      if (signal.aborted) return;
      try {
        await this.#writeStatus(await client.resource(nodeKind).get({ namespace: '', name: identity.name }));
        delayMs = reportMs;
      } catch (error) {
        if (isNotFound(error)) await this.register();
        else if (!isConflict(error)) log.warn('node status could not be written', { node: identity.name, error: String(error) });
        delayMs = retryMs;
      }
    }
  }

  #changed(): void {
    this.#dirty = true;
    this.#wake?.abort();
  }

  async #nextChange(delayMs: number): Promise<void> {
    this.#wake = new AbortController();
    const ended = AbortSignal.any([this.#wake.signal, this.#options.signal]);
    if (!this.#dirty) await sleep(this.#options.clock, delayMs, ended, delayMs === reportMs ? heartbeat : undefined);
    this.#dirty = false;
  }

  async #writeStatus(node: Node): Promise<Node> {
    const { client, clock, config, events, identity, info } = this.#options;
    const health = { runtimeProblem: this.#problem, shutsDown: this.#shutsDown, pressure: this.#pressure, nowMs: clock.now() };
    const status = nodeStatus({ identity, info, config, images: await this.#images(), health, previous: node.status });
    const foreign = (node.status.conditions ?? []).filter((c) => status.conditions?.every((own) => own.type !== c.type) === true);
    // A patch, as upstream's kubelet sends it: a node may not change its taints, and an update would send those that it
    // had when it was read. The resource version makes it fail when conditions of others may have changed since.
    const written = await client.resource(nodeKind).patch(refOf(node), {
      type: 'merge',
      subresource: 'status',
      body: {
        metadata: { resourceVersion: node.metadata.resourceVersion },
        status: {
          // A status is JSON.
          ...(status as unknown as JsonObject),
          capacity: replacing(node.status.capacity, status.capacity),
          allocatable: replacing(node.status.allocatable, status.allocatable),
          conditions: [...(status.conditions ?? []), ...foreign] as unknown as JsonValue,
        },
      },
    });
    for (const reason of transitions(node.status.conditions ?? [], status.conditions ?? [])) {
      events.event(written, 'Normal', reason, `Node ${identity.name} status is now: ${reason}`);
    }
    return written;
  }

  async #images(): Promise<readonly Image[]> {
    if (this.#problem !== undefined) return [];
    return this.#options.runtime.images.list();
  }
}

type Resources = Readonly<Record<string, string>>;

/** The merge patch that makes `next` of `previous`: a name that has gone is null. */
const replacing = (previous: Resources = {}, next: Resources = {}): JsonObject => ({
  ...Object.fromEntries(Object.keys(previous).map((name) => [name, null])),
  ...next,
});
