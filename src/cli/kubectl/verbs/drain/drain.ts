/** `kubectl drain`. Source: kubectl pkg/cmd/drain/drain.go, pkg/drain/drain.go. */

import { goDurationText } from '../../../../api/go-duration.ts';
import { parseLabelSelector } from '../../../../api/selector.ts';
import { isNotFound, StatusError } from '../../../../api/status-error.ts';
import { isNamespaceTerminating } from '../../../../client/namespace-terminating.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { type ApiResource, resourcePath } from '../../resources/discovery.ts';
import type { Info } from '../../resources/infos.ts';
import { listObjects } from '../../resources/list.ts';
import { findResource } from '../../resources/resource-args.ts';
import { watchUntil } from '../../waiting/watch-until.ts';
import { dryRunFlag, selectorFlag } from '../../writing/write-flags.ts';
import { Writer } from '../../writing/writing.ts';
import { chosenNodes, cordonNodes } from './cordon.ts';
import { type DrainPod, deletableBy, isLeavingFor, podsToDelete } from './drain-filters.ts';

const retryDelayMs = 5000;
const lookAgainMs = 1000;

/** Several failures as Go's aggregate prints them. */
const aggregated = (errors: readonly string[]): string => (errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`);

/** One or more failures on a node; printed one per line. */
class DrainError extends CommandError {
  readonly lines: readonly string[];
  constructor(lines: readonly string[]) {
    super(aggregated(lines));
    this.lines = lines;
  }
}

class Drain {
  readonly #session: Session;
  readonly #writer: Writer;
  readonly #pods: ApiResource;
  readonly #deadline: number;

  constructor(session: Session, writer: Writer, pods: ApiResource) {
    this.#session = session;
    this.#writer = writer;
    this.#pods = pods;
    const timeoutMs = session.flags.durationMs('timeout');
    this.#deadline = timeoutMs === 0 ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  }

  /** Empties one node; rejects with CommandError. */
  async node(name: string): Promise<void> {
    const { pods, errors, warnings } = await this.#podsOf(name);
    if (errors.length > 0) throw new DrainError(errors);
    if (warnings !== '') this.#session.err(`Warning: ${warnings}\n`);
    if (this.#writer.dryRun === 'client') {
      for (const pod of pods) this.#session.out(`evicting pod ${pod.metadata.namespace}/${pod.metadata.name} (dry run)\n`);
      return;
    }
    const failed = this.#session.flags.bool('disable-eviction')
      ? await this.#deleteAll(pods)
      : (await Promise.all(pods.map((pod) => this.#evicted(pod)))).filter((error) => error !== undefined);
    if (failed.length === 0) return;
    const why = aggregated(failed);
    const pending = await this.#podsOf(name);
    if (pending.pods.length > 0) {
      this.#session.err(`There are pending pods in node ${JSON.stringify(name)} when an error occurred: ${why}\n`);
      for (const pod of pending.pods) this.#session.err(`pod/${pod.metadata.name}\n`);
    }
    if (pending.errors.length > 0)
      this.#session.err(`Following errors occurred while getting the list of pods to delete:\n${aggregated(pending.errors)}`);
    throw new DrainError(failed);
  }

  async #podsOf(node: string) {
    const query = {
      fieldSelector: `spec.nodeName=${node}`,
      labelSelector: this.#session.flags.string('pod-selector'),
      limit: this.#session.flags.int('chunk-size'),
    };
    const found: DrainPod[] = [];
    // A list of pods holds pods.
    for await (const object of listObjects(this.#session, resourcePath(this.#pods, ''), query)) found.push(object as unknown as DrainPod);
    return podsToDelete(found, deletableBy(this.#session));
  }

  /** Evicts one pod and waits until it is gone; resolves with the error text, if any. */
  async #evicted(pod: DrainPod): Promise<string | undefined> {
    const { name, namespace } = pod.metadata;
    try {
      const evicted = await this.#evict(pod);
      if (evicted === undefined || this.#writer.dryRun === 'server') return undefined;
      const problem = await this.#waitUntilGone(evicted, 'evicted', 'eviction failed');
      return problem === undefined
        ? undefined
        : `error when waiting for pod ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace)} to terminate: ${problem}`;
    } catch (error) {
      if (!(error instanceof StatusError || error instanceof CommandError)) throw error;
      return `error when evicting pods/${JSON.stringify(name)} -n ${JSON.stringify(namespace)}: ${error.message}`;
    }
  }

  /** Deletes all pods, then waits until they are gone; resolves with the error texts. The first error ends it. */
  async #deleteAll(pods: readonly DrainPod[]): Promise<readonly string[]> {
    try {
      for (const pod of pods) await this.#delete(pod);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return [error.message];
    }
    // Differs: upstream waits, of what a dry run has not deleted, that it be gone.
    if (this.#writer.dryRun === 'server') return [];
    const problems = await Promise.all(pods.map((pod) => this.#waitUntilGone(pod, 'deleted', 'deletion failed')));
    return problems.filter((problem) => problem !== undefined).slice(0, 1);
  }

  /**
   * Waits until a pod is gone, or has been leaving for longer than one wants to wait, and says so. Resolves with what
   * went wrong.
   */
  async #waitUntilGone(pod: DrainPod, gone: string, failed: string): Promise<string | undefined> {
    const { name, namespace, uid } = pod.metadata;
    const skipSeconds = this.#session.flags.int('skip-wait-for-delete-timeout');
    let skipped = false;
    const isOver = (object: ApiObject | undefined): boolean => {
      if (object === undefined || object.metadata?.uid !== uid) return true;
      const since = object.metadata?.deletionTimestamp;
      skipped = isLeavingFor(since, skipSeconds);
      return skipped;
    };
    const target = { resource: this.#pods, namespace, name };
    try {
      // A pod that is leaving makes no event when its time is over, so it is looked at again every second.
      for (;;) {
        const wait = Math.min(this.#left(), skipSeconds > 0 ? lookAgainMs : Number.MAX_SAFE_INTEGER);
        if (await watchUntil(this.#session, target, isOver, wait)) break;
        if (this.#left() === 0) return 'context deadline exceeded';
      }
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.#session.out(`pod/${name} ${failed}\n`);
      return error.message;
    }
    if (skipped) this.#session.out(`pod ${JSON.stringify(name)} has DeletionTimestamp older than ${skipSeconds} seconds, skipping\n`);
    else this.#session.out(`pod/${name} ${gone}\n`);
    return undefined;
  }

  #left(): number {
    return this.#deadline === Number.POSITIVE_INFINITY ? Number.MAX_SAFE_INTEGER : Math.max(0, this.#deadline - Date.now());
  }

  #timeoutText(): string {
    return goDurationText(this.#session.flags.durationMs('timeout'));
  }

  #deleteOptions() {
    const seconds = this.#session.flags.int('grace-period');
    return {
      ...(seconds >= 0 ? { gracePeriodSeconds: seconds } : {}),
      ...(this.#writer.dryRun === 'server' ? { dryRun: ['All'] } : {}),
    };
  }

  /**
   * Evicts a pod; undefined when it was gone already. If a disruption budget forbids the eviction now, it is tried
   * again later; a pod that has been replaced by one of the same name in between is evicted as that one. In a
   * namespace that is being deleted nothing can be evicted, but its pods are leaving anyway.
   */
  async #evict(pod: DrainPod): Promise<DrainPod | undefined> {
    const { name, namespace } = pod.metadata;
    const path = resourcePath(this.#pods, namespace, name, 'eviction');
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace }, deleteOptions: this.#deleteOptions() };
    for (let current = pod; ; ) {
      this.#session.out(`evicting pod ${namespace}/${name}${this.#writer.dryRun === 'server' ? ' (server dry run)' : ''}\n`);
      if (this.#left() === 0) throw new CommandError(`global timeout reached: ${this.#timeoutText()}`);
      try {
        await this.#session.request({ method: 'POST', path, body });
        return current;
      } catch (error) {
        if (isNotFound(error)) return undefined;
        const isLeaving = isNamespaceTerminating(error);
        if (isLeaving && current.metadata.deletionTimestamp !== undefined) return current;
        if (!(error instanceof StatusError) || !(isLeaving || error.code === 429)) throw error;
        const subject = isLeaving
          ? `pod ${JSON.stringify(name)} from terminating namespace ${JSON.stringify(namespace)}`
          : `pods/${JSON.stringify(name)} -n ${JSON.stringify(namespace)}`;
        this.#session.err(`error when evicting ${subject} (will retry after 5s): ${error.message}\n`);
      }
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
      current = await this.#fresh(current);
    }
  }

  /** The pod as it is now, or as it was when that cannot be read. */
  async #fresh(pod: DrainPod): Promise<DrainPod> {
    const { name, namespace } = pod.metadata;
    try {
      // The path is that of a pod.
      return (await this.#session.object({ method: 'GET', path: resourcePath(this.#pods, namespace, name) })) as unknown as DrainPod;
    } catch (error) {
      if (error instanceof StatusError) return pod;
      throw error;
    }
  }

  async #delete({ metadata: { name, namespace } }: DrainPod): Promise<void> {
    try {
      await this.#session.request({ method: 'DELETE', path: resourcePath(this.#pods, namespace, name), body: this.#deleteOptions() });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

async function drainNodes(session: Session, writer: Writer, nodes: readonly Info[]): Promise<number> {
  const run = new Drain(session, writer, await findResource(session, 'pods'));
  const remaining: string[] = [];
  const fatal: string[] = [];
  for (const node of nodes) {
    try {
      await run.node(node.name);
      writer.print('drained', node, node.object);
    } catch (error) {
      if (!(error instanceof CommandError || error instanceof StatusError)) throw error;
      session.err(`error: unable to drain node ${JSON.stringify(node.name)} due to error: ${error.message}, continuing command...\n`);
      remaining.push(node.name);
      fatal.push(...(error instanceof DrainError ? error.lines : [error.message]));
    }
  }
  if (remaining.length === 0) return 0;
  session.err(`There are pending nodes to be drained:\n${remaining.map((name) => ` ${name}\n`).join('')}`);
  session.err(fatal.map((line) => `${line}\n`).join(''));
  return 1;
}

export const drain: KubectlCommand = {
  name: 'drain',
  summary: 'Drain node in preparation for maintenance',
  usage: 'NODE [options]',
  flags: [
    dryRunFlag,
    selectorFlag,
    { name: 'force', type: 'bool', help: 'Continue even if there are pods that do not declare a controller.' },
    { name: 'ignore-daemonsets', type: 'bool', help: 'Ignore DaemonSet-managed pods.' },
    { name: 'delete-emptydir-data', type: 'bool', help: 'Continue even if there are pods using emptyDir, whose data is lost with them.' },
    {
      name: 'grace-period',
      type: 'int',
      fallback: '-1',
      help: 'Seconds given to each pod to terminate gracefully. If negative, the pod says.',
    },
    { name: 'timeout', type: 'duration', fallback: '0s', help: 'The length of time to wait before giving up, zero means infinite' },
    { name: 'pod-selector', type: 'string', help: 'Label selector to filter pods on the node' },
    { name: 'disable-eviction', type: 'bool', help: 'Delete pods instead of evicting them, past their disruption budgets.' },
    {
      name: 'skip-wait-for-delete-timeout',
      type: 'int',
      help: 'Do not wait for pods whose deletion began more than this many seconds ago. Must be greater than 0 to skip.',
    },
    { name: 'chunk-size', type: 'int', fallback: '500', help: 'Return large lists in chunks rather than all at once. Pass 0 to disable.' },
  ],
  run: async (session) => {
    const writer = new Writer(session, '');
    if (!parseLabelSelector(session.flags.string('pod-selector')).ok)
      throw new CommandError('error: --pod-selector=<pod_selector> must be a valid label selector');
    const nodes = await chosenNodes(session, 'drain');
    await cordonNodes(writer, nodes, true);
    return drainNodes(session, writer, nodes);
  },
};
