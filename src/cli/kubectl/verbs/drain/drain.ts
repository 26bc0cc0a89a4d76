/** `kubectl drain`. Source: kubectl pkg/cmd/drain/drain.go, pkg/drain/drain.go. */
import { isNotFound, StatusError } from '../../../../api/status-error.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { Session } from '../../command/session.ts';
import { type ApiResource, resourcePath } from '../../resources/discovery.ts';
import type { Info } from '../../resources/infos.ts';
import { listObjects } from '../../resources/list.ts';
import { findResource } from '../../resources/resource-args.ts';
import { watchUntil } from '../../waiting/watch-until.ts';
import { dryRunFlag, selectorFlag } from '../../writing/write-flags.ts';
import { Writer } from '../../writing/writing.ts';
import { chosenNodes, cordonNodes } from './cordon.ts';
import { type DrainPod, deletableBy, podsToDelete } from './drain-filters.ts';

const retryDelayMs = 5000;

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
    const failed = (await Promise.all(pods.map((pod) => this.#remove(pod)))).filter((error) => error !== undefined);
    if (failed.length === 0) return;
    const why = aggregated(failed);
    const pending = await this.#podsOf(name);
    if (pending.pods.length > 0) {
      this.#session.err(`There are pending pods in node ${JSON.stringify(name)} when an error occurred: ${why}\n`);
      for (const pod of pending.pods) this.#session.err(`pod/${pod.metadata.name}\n`);
    }
    throw new DrainError(failed);
  }

  async #podsOf(node: string) {
    const query = { fieldSelector: `spec.nodeName=${node}`, labelSelector: this.#session.flags.string('pod-selector') };
    const found: DrainPod[] = [];
    // A list of pods holds pods.
    for await (const object of listObjects(this.#session, resourcePath(this.#pods, ''), query)) found.push(object as unknown as DrainPod);
    return podsToDelete(found, deletableBy(this.#session));
  }

  /** Evicts or deletes one pod and waits until it is gone; resolves with the error text, if any. */
  async #remove(pod: DrainPod): Promise<string | undefined> {
    const { name, namespace } = pod.metadata;
    const evicting = !this.#session.flags.bool('disable-eviction');
    try {
      if (evicting ? !(await this.#evict(pod)) : !(await this.#delete(pod))) return undefined;
    } catch (error) {
      if (!(error instanceof StatusError || error instanceof CommandError)) throw error;
      return evicting
        ? `error when evicting pods/${JSON.stringify(name)} -n ${JSON.stringify(namespace)}: ${error.message}`
        : error.message;
    }
    if (this.#writer.dryRun === 'server') return undefined;
    const skipSeconds = this.#session.flags.int('skip-wait-for-delete-timeout');
    const gone = await watchUntil(
      this.#session,
      { resource: this.#pods, namespace, name },
      (object) => {
        if (object === undefined || object.metadata?.uid !== pod.metadata.uid) return true;
        const since = object.metadata?.deletionTimestamp;
        return skipSeconds > 0 && since !== undefined && Date.now() - Date.parse(since) > skipSeconds * 1000;
      },
      this.#left(),
    );
    if (!gone)
      return `error when waiting for pod ${JSON.stringify(name)} in namespace ${JSON.stringify(namespace)} to terminate: global timeout reached: ${this.#timeoutText()}`;
    this.#session.out(`pod/${name} ${evicting ? 'evicted' : 'deleted'}\n`);
    return undefined;
  }

  #left(): number {
    return this.#deadline === Number.POSITIVE_INFINITY ? Number.MAX_SAFE_INTEGER : Math.max(0, this.#deadline - Date.now());
  }

  #timeoutText(): string {
    return this.#session.flags.string('timeout');
  }

  #deleteOptions() {
    const seconds = this.#session.flags.int('grace-period');
    return {
      ...(seconds >= 0 ? { gracePeriodSeconds: seconds } : {}),
      ...(this.#writer.dryRun === 'server' ? { dryRun: ['All'] } : {}),
    };
  }

  /**
   * Evicts a pod; false when it was gone already. If a disruption budget forbids the eviction now, it is tried again
   * later.
   */
  async #evict({ metadata: { name, namespace } }: DrainPod): Promise<boolean> {
    const path = resourcePath(this.#pods, namespace, name, 'eviction');
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace }, deleteOptions: this.#deleteOptions() };
    for (;;) {
      this.#session.out(`evicting pod ${namespace}/${name}${this.#writer.dryRun === 'server' ? ' (server dry run)' : ''}\n`);
      if (this.#left() === 0) throw new CommandError(`global timeout reached: ${this.#timeoutText()}`);
      try {
        await this.#session.request({ method: 'POST', path, body });
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        if (!(error instanceof StatusError) || error.code !== 429) throw error;
        this.#session.err(
          `error when evicting pods/${JSON.stringify(name)} -n ${JSON.stringify(namespace)} (will retry after 5s): ${error.message}\n`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(retryDelayMs, this.#left())));
    }
  }

  async #delete({ metadata: { name, namespace } }: DrainPod): Promise<boolean> {
    try {
      await this.#session.request({ method: 'DELETE', path: resourcePath(this.#pods, namespace, name), body: this.#deleteOptions() });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
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
    const nodes = await chosenNodes(session, 'drain');
    await cordonNodes(writer, nodes, true);
    return drainNodes(session, writer, nodes);
  },
};
