/**
 * What a `minik run` leaves for those who read its log afterwards: files below one folder.
 *
 *   run.json                   the command, its exit code, times, versions
 *   not-ready.txt              what was not ready at the end, and why
 *   events.txt                 all events, in the order in which they happened
 *   objects/NAMESPACE/…yaml    all objects, a file for each resource; `_cluster` for those of no namespace
 *   logs/NAMESPACE_POD_UID/…   the log of every run of every container, as below a kubelet's /var/log/pods
 *   describe/NAMESPACE/…txt    `kubectl describe` of what was not ready
 *   server.log, audit.log      what the server said, and the writes of its clients
 *   metrics.txt                the server's figures
 *   faults.txt                 the faults that were added, and what they struck; absent: there were none
 *   problems.txt               what could not be collected; absent: nothing
 *
 * The values of Secrets are replaced by their lengths: artifacts are shown to more people than clusters.
 */
import { copyFileSync, existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorText } from '../../../api/error-text.ts';
import { ruleRows } from '../../../api/faults/describe.ts';
import { type FaultReports, faultsPath } from '../../../api/faults/fault-order.ts';
import type { JsonValue } from '../../../api/json.ts';
import { objectName, timeOf } from '../../../client/readiness/story.ts';
import { groupResource } from '../../kubectl/resources/discovery.ts';
import { renderRows } from '../../print/table.ts';
import { toYaml } from '../../print/yaml.ts';
import { hasCode } from '../file-lock.ts';
import { type ClusterObject, type ClusterView, eventsIn, notReady, type ObjectList, unready } from './cluster-view.ts';
import type { KubectlOutcome } from './kubectl-call.ts';

/** Everything that may have been left there by an earlier run. */
const own = [
  'run.json',
  'not-ready.txt',
  'events.txt',
  'objects',
  'logs',
  'describe',
  'server.log',
  'audit.log',
  'metrics.txt',
  'faults.txt',
  'problems.txt',
];

/** What is known of the run besides its cluster. */
export interface RunRecord {
  readonly command: readonly string[];
  /** The exit code of `minik run`. */
  readonly exitCode: number;
  /** Why it is not the command's own; absent: it is. */
  readonly error?: string;
  readonly profile: string;
  readonly runtime: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly minik: string;
  readonly kubernetes: string;
}

export interface ArtifactSources {
  readonly record: RunRecord;
  /** Absent: the cluster's API never answered. */
  readonly view: ClusterView | undefined;
  kubectl(args: readonly string[]): Promise<KubectlOutcome>;
  readonly serverLog: string;
  readonly auditLog: string | undefined;
  /** Whether the cluster stays; otherwise its end writes the logs of all containers ({@link logsIn}). */
  readonly stays: boolean;
}

/** Where a cluster writes the logs of its containers when they are removed, and of all of them when it is removed. */
export const logsIn = (folder: string): string => join(folder, 'logs');

/** Takes everything of a run from the folder, and the folder if nothing else is in it. */
export function dropArtifacts(folder: string): void {
  for (const name of own) rmSync(join(folder, name), { recursive: true, force: true });
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'EEXIST')) throw error;
  }
}

/**
 * Makes the folder, so that a wrong one is found before the cluster is made, and takes what an earlier run left there.
 */
export function prepareArtifacts(folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (existsSync(join(folder, 'run.json'))) for (const name of own) rmSync(join(folder, name), { recursive: true, force: true });
  writeFileSync(join(folder, 'run.json'), '{}\n');
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** The object as it is written: a Secret without its values, wherever it has them. */
function shown(object: ClusterObject): JsonValue {
  const all = object as unknown as { readonly [key: string]: JsonValue }; // as it came from the API
  if (object.apiVersion !== 'v1' || object.kind !== 'Secret') return all;
  const { data, metadata, ...rest } = all as {
    readonly data?: Readonly<Record<string, string>>;
    readonly metadata: Readonly<Record<string, JsonValue>>;
  };
  const { [lastApplied]: _values, ...annotations } = (metadata.annotations ?? {}) as Readonly<Record<string, JsonValue>>; // strings
  const lengths = Object.entries(data ?? {}).map(([key, value]) => [key, `(${Buffer.from(value, 'base64').length} bytes)`] as const);
  return { ...rest, metadata: { ...metadata, annotations }, data: Object.fromEntries(lengths) };
}

const bodyOf = (objects: readonly ClusterObject[]): string => objects.map((object) => toYaml(shown(object))).join('---\n');

class Collector {
  readonly #folder: string;
  readonly #sources: ArtifactSources;
  readonly #problems: string[] = [];

  constructor(folder: string, sources: ArtifactSources) {
    this.#folder = folder;
    this.#sources = sources;
  }

  async collect(): Promise<void> {
    const { view, record, serverLog, auditLog } = this.#sources;
    await this.#try('run.json', () => this.#write('run.json', `${JSON.stringify(record, undefined, 2)}\n`));
    await this.#try('server.log', () => this.#copy(serverLog, 'server.log'));
    if (auditLog !== undefined) await this.#try('audit.log', () => this.#copy(auditLog, 'audit.log'));
    if (view !== undefined) await this.#try('the cluster', () => this.#cluster(view));
    if (this.#problems.length > 0) this.#write('problems.txt', `${this.#problems.join('\n')}\n`);
  }

  async #cluster(view: ClusterView): Promise<void> {
    await this.#try('faults', () => this.#faults(view));
    const { lists, failures } = await view.everything();
    this.#problems.push(...failures);
    await this.#try('metrics', async () => this.#write('metrics.txt', await view.text('/metrics')));
    await this.#try('events', () => this.#events(lists));
    await this.#try('objects', () => this.#objects(lists));
    await this.#try('not-ready.txt', () => {
      const stories = notReady(lists).flat();
      this.#write('not-ready.txt', stories.length === 0 ? 'Everything is ready.\n' : `${stories.join('\n')}\n`);
    });
    for (const object of unready(lists)) await this.#try(objectName(object), () => this.#describe(object));
    for (const list of this.#sources.stays ? lists : []) {
      if (list.resource.group !== '' || list.resource.kind !== 'Pod') continue;
      for (const pod of list.objects) await this.#logs(view, pod);
    }
  }

  /** The faults have served their purpose, and must not strike what is collected. */
  async #faults(view: ClusterView): Promise<void> {
    // The server answers with the rules.
    const { rules, injections } = (await view.json(faultsPath)) as unknown as FaultReports;
    if (rules.length === 0 && injections.length === 0) return;
    const strikes = injections.map(({ at, rule, fault, what }) => `${at} ${rule} ${fault}: ${what}\n`);
    this.#write('faults.txt', `${renderRows(ruleRows(rules))}\n${strikes.join('')}`);
    if (!this.#sources.stays) await view.json(faultsPath, 'DELETE');
  }

  #events(lists: readonly ObjectList[]): void {
    const lines = eventsIn(lists).map((event) => {
      const { type = '', reason = '', message = '', count, series, involvedObject = {} } = event;
      const times = series?.count ?? count ?? 1;
      const { kind = '', namespace, name = '' } = involvedObject;
      const about = objectName({ kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } });
      return `${timeOf(event)} ${type} ${reason}${times > 1 ? ` (x${times})` : ''} ${about}: ${message.trim().replaceAll('\n', '\n    ')}\n`;
    });
    this.#write('events.txt', lines.join(''));
  }

  #objects(lists: readonly ObjectList[]): void {
    for (const { resource, objects } of lists) {
      for (const [namespace, own] of Map.groupBy(objects, ({ metadata }) => metadata?.namespace ?? '_cluster'))
        this.#write(join('objects', namespace, `${groupResource(resource)}.yaml`), bodyOf(own));
    }
  }

  async #describe({ apiVersion = '', kind = '', metadata }: ClusterObject): Promise<void> {
    const { namespace, name = '' } = metadata ?? {};
    const [version = '', group] = apiVersion.split('/').reverse();
    const type = group === undefined ? kind : `${kind}.${version}.${group}`;
    const scope = namespace === undefined ? [] : ['-n', namespace];
    const { code, out, err } = await this.#sources.kubectl(['describe', type, name, ...scope]);
    if (code !== 0) throw new Error(err.trim());
    this.#write(join('describe', namespace ?? '_cluster', `${kind.toLowerCase()}-${name}.txt`), out);
  }

  /** The logs of the containers that there are: what they run now, and what they ran before. */
  async #logs(view: ClusterView, { metadata, status }: ClusterObject): Promise<void> {
    const { namespace = '', name: pod = '', uid = '' } = metadata ?? {};
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?timestamps=true`;
    for (const { name = '', restartCount = 0, state, lastState } of [
      ...(status?.initContainerStatuses ?? []),
      ...(status?.containerStatuses ?? []),
    ]) {
      const read = (attempt: number, query: string): Promise<void> =>
        this.#try(`the log of ${namespace}/${pod}/${name}`, async () =>
          this.#write(
            join('logs', `${namespace}_${pod}_${uid}`, name, `${attempt}.log`),
            await view.text(`${path}&container=${name}${query}`),
          ),
        );
      // A container that waits for its next run shows the run before as its last one.
      const waits = state?.waiting !== undefined;
      if (!waits) await read(restartCount, '');
      if (lastState?.terminated !== undefined) await read(waits ? restartCount : restartCount - 1, '&previous=true');
    }
  }

  async #try(what: string, action: () => Promise<void> | void): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#problems.push(`${what}: ${errorText(error)}`);
    }
  }

  #write(path: string, text: string): void {
    const file = join(this.#folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  #copy(from: string, to: string): void {
    if (existsSync(from)) copyFileSync(from, join(this.#folder, to));
  }
}

/** Writes all artifacts. Rejects only when the folder cannot be written. */
export const collectArtifacts = (folder: string, sources: ArtifactSources): Promise<void> => new Collector(folder, sources).collect();
