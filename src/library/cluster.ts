/**
 * A cluster for tests: started in milliseconds, prepared once, brought back to that state for each test, and gone
 * without a trace. docs/library.md shows how it is used.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import type { Event, Pod } from '../api/generated/core/v1.ts';
import type { JsonValue } from '../api/json.ts';
import type { AnyKind } from '../api/kind.ts';
import { event as eventKind } from '../api/kinds/core/event.ts';
import type { KubeObject, ObjectRef } from '../api/object.ts';
import { rulesFile } from '../api/simulated/rules.ts';
import { isNotFound, StatusError } from '../api/status-error.ts';
import { remoteCommand } from '../cli/kubectl/streams/stream-client.ts';
import type { Client } from '../client/client.ts';
import { HttpTransport } from '../client/http-transport.ts';
import { type Logger, silentLogger } from '../client/logger.ts';
import type { Backend, SavedState } from './backend.ts';
import { type Behaviours, ClusterBehaviours, rulesOf } from './behaviours.ts';
import { Changes } from './changes.ts';
import { ClusterFaults } from './cluster-faults.ts';
import { ClusterTime, clockState } from './cluster-time.ts';
import { WaitError } from './errors.ts';
import { startInProcess } from './in-process.ts';
import { type Manifests, objectsOf } from './manifests.ts';
import { startOwnProcess } from './own-process.ts';
import { conditionVerdict, readinessOf, type Verdict } from './readiness.ts';
import { storyOf } from './story.ts';

export interface ClusterOptions {
  /**
   * `simulated` (the default): in this process, without a child or a port; pods run no programs. `docker`: in a process
   * of its own, with real containers.
   */
  readonly runtime?: 'simulated' | 'docker';
  /** How many nodes. Default: 1. */
  readonly nodes?: number;
  /** The zones over which they are spread. Default: none. */
  readonly zones?: readonly string[];
  /** What is applied, and waited for until it is ready, before the cluster is handed out. See `apply`. */
  readonly manifests?: Manifests;
  /** False: no controllers run but the API server's own, as in envtest. Default: true. */
  readonly controllers?: boolean;
  /** False: pods are not given to nodes. Default: true. */
  readonly scheduler?: boolean;
  /** Only on the simulated runtime. Default: the clock shows the host's time, and runs. */
  readonly clock?: { readonly now?: Date | string; readonly frozen?: boolean };
  /** What simulated containers do: rules, the text of a file of them, or its path. Default: what annotations say. */
  readonly behaviours?: Behaviours;
  /** Receives what the cluster's parts log. Default: nothing is logged. */
  readonly log?: Logger;
  /** For Docker: the `minik` program. Default: MINIK_EXECUTABLE, or `minik` on the PATH. */
  readonly executable?: string;
}

/** An object by its kind and name (`deployment/web`), or by an API object, of which these and the namespace count. */
export type ObjectName =
  | string
  | {
      readonly apiVersion?: string | undefined;
      readonly kind?: string | undefined;
      readonly metadata?: { readonly name?: string | undefined; readonly namespace?: string | undefined } | undefined;
    };

/**
 * `ready`, in the sense of its kind; `exists`; `deleted`; a condition of its status (`Available`, `Ready=False`); or a
 * function.
 */
export type WaitCondition = string | ((object: KubeObject) => boolean | string);

export interface WaitOptions {
  /** Default: that of the object's name, or `default`. */
  readonly namespace?: string;
  /** Milliseconds, in the cluster's time when its clock is frozen. Default: 60,000. */
  readonly timeoutMs?: number;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface PodOptions {
  /** Default: `default`. */
  readonly namespace?: string;
  /** Default: the pod's only container, or its default one. */
  readonly container?: string;
}

export interface LogOptions extends PodOptions {
  /** Of the container's life before this one. */
  readonly previous?: boolean;
  /** Only the last lines. Default: all. */
  readonly tailLines?: number;
  /** Seconds of the cluster's time. Default: from the beginning. */
  readonly sinceSeconds?: number;
}

const fieldManager = 'minik-library';
const defaultTimeoutMs = 60_000;

export class Cluster implements AsyncDisposable {
  readonly #backend: Backend;
  readonly clock: ClusterTime;
  /** What fails from now on: `cluster.faults.add({ fault: 'conflict', share: '20%' })`. */
  readonly faults: ClusterFaults;
  /** What simulated containers do. */
  readonly behaviours: ClusterBehaviours;
  /** The API as the administrator, typed by `kinds`: `cluster.client.resource(kinds.deployment)`. */
  readonly client: Client;
  #folder: string | undefined;
  #transport: HttpTransport | undefined;
  #saved: SavedState | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(backend: Backend) {
    this.#backend = backend;
    this.client = backend.client;
    this.clock = new ClusterTime(backend);
    this.faults = new ClusterFaults(backend);
    this.behaviours = new ClusterBehaviours(backend);
  }

  /**
   * Starts a cluster of its own. Resolves when its nodes are Ready and its manifests are what they are meant to be;
   * rejects with `WaitError` when they do not become so.
   */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const { runtime = 'simulated', nodes = 1, zones = [], controllers = true, scheduler = true, log = silentLogger } = options;
    if (!Number.isInteger(nodes) || nodes < 1) throw new TypeError(`nodes must be a whole number from 1 on, not ${nodes}`);
    const name = `test-${randomBytes(4).toString('hex')}`;
    const common = { name, nodes, zones, controllers, scheduler };
    if (runtime !== 'simulated' && options.clock !== undefined)
      throw new TypeError("the clock of a cluster on Docker is the host's: only that of a simulated cluster can be set");
    if (runtime !== 'simulated' && options.behaviours !== undefined)
      throw new TypeError('containers on Docker do what their programs do: only those of a simulated cluster can be told');
    const behaviours = options.behaviours === undefined ? [] : rulesOf(options.behaviours);
    const backend =
      runtime === 'simulated'
        ? await startInProcess({ ...common, log, clock: clockState(options.clock) })
        : await startOwnProcess({ ...common, executable: options.executable });
    const cluster = new Cluster(backend);
    try {
      if (behaviours.length > 0) await backend.behaviours.apply(rulesFile(behaviours));
      if (options.manifests !== undefined) {
        const objects = await cluster.apply(options.manifests);
        for (const object of objects) await cluster.waitFor(object, 'ready');
      }
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get name(): string {
    return this.#backend.name;
  }

  /** A kubeconfig of the administrator, as text. A cluster in this process listens from the first call on. */
  async kubeconfig(): Promise<string> {
    const { server, certificateAuthority = '', clientCertificate = '', clientKey = '' } = await this.#backend.access();
    const base64 = (pem: string): string => Buffer.from(pem).toString('base64');
    const { name } = this;
    // JSON is YAML.
    return `${JSON.stringify(
      {
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': name },
        clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(certificateAuthority) } }],
        contexts: [{ name, context: { cluster: name, user: name } }],
        users: [{ name, user: { 'client-certificate-data': base64(clientCertificate), 'client-key-data': base64(clientKey) } }],
      },
      undefined,
      2,
    )}\n`;
  }

  /** The path of a file with the kubeconfig, readable by this user only; it is gone when the cluster is. */
  async kubeconfigFile(): Promise<string> {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'minik-library-'));
    const path = join(this.#folder, 'kubeconfig');
    writeFileSync(path, await this.kubeconfig(), { mode: 0o600 });
    return path;
  }

  /**
   * Applies objects on the server's side, in order. Resolves with them as they are then. Objects without a namespace
   * are in `default`, or in the one that is named. Rejects with StatusError, or with an Error that says what is no
   * manifest.
   */
  async apply(manifests: Manifests, { namespace = 'default' }: { readonly namespace?: string } = {}): Promise<readonly KubeObject[]> {
    const applied: KubeObject[] = [];
    for (const object of objectsOf(manifests)) {
      const kind = await this.#kindOf(object.apiVersion, object.kind);
      const { name, generateName } = object.metadata ?? {};
      const ref = { namespace: kind.scope === 'Cluster' ? '' : (object.metadata?.namespace ?? namespace), name: name ?? '' };
      const body = { ...object, metadata: { ...object.metadata, ...(ref.namespace === '' ? {} : { namespace: ref.namespace }) } };
      const api = this.client.resource(kind);
      applied.push(
        name === undefined && generateName !== undefined
          ? await api.create(body, { fieldManager })
          : // A manifest is JSON.
            await api.patch(ref, { type: 'apply', body: body as unknown as JsonValue, force: true }, { fieldManager }),
      );
      if (kind.resourceName === 'customresourcedefinitions.apiextensions.k8s.io') await this.waitFor(body, 'Established');
    }
    return applied;
  }

  /** Reads an object; undefined when there is none. */
  async get(object: ObjectName, options: { readonly namespace?: string } = {}): Promise<KubeObject | undefined> {
    const { kind, ref } = await this.#find(object, options.namespace);
    return this.#read(kind, ref);
  }

  /**
   * Resolves with the object as soon as the condition holds for it (for `deleted`: with undefined). Rejects with
   * `WaitError` when that is not so in time, or cannot be any more: it tells why, and what became of the object.
   *
   * On a frozen clock waiting passes the time: the clock is moved from timer to timer until the condition holds.
   */
  async waitFor(object: ObjectName, condition: WaitCondition, options: WaitOptions = {}): Promise<KubeObject | undefined> {
    const { kind, ref } = await this.#find(object, options.namespace);
    const { timeoutMs = defaultTimeoutMs } = options;
    const judge = judgeOf(kind, condition);
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(), timeoutMs);
    try {
      const changes = await Changes.of(this.client.resource(kind), ref, ended.signal);
      let current = await this.#read(kind, ref);
      let verdict = judge(current);
      if (verdict.holds) return current;
      const untilMs = new Date((await this.clock.show()).now).getTime() + timeoutMs;
      while (!ended.signal.aborted && verdict.failed !== true) {
        const frozen = await this.#backend.passTimer(untilMs);
        if (!frozen) await changes.next();
        current = await this.#read(kind, ref);
        verdict = judge(current);
        if (verdict.holds) return current;
        if (frozen && new Date((await this.clock.show()).now).getTime() >= untilMs) break;
      }
      throw await this.#waitError({ kind, ref, condition, current, verdict, timeoutMs });
    } finally {
      clearTimeout(timer);
      ended.abort();
    }
  }

  /** The events of a namespace (`''`: of all), or those about an object, in order. */
  async events(about?: ObjectName, { namespace }: { readonly namespace?: string } = {}): Promise<readonly Event[]> {
    const found = about === undefined ? undefined : await this.#find(about, namespace);
    const inside = found?.ref.namespace ?? namespace ?? 'default';
    const { items } = await this.client.resource<Event>(eventKind).list(inside === '' ? {} : { namespace: inside });
    const isAbout = ({ involvedObject: { kind, name } }: Event): boolean =>
      found === undefined || (kind === found.kind.kind && name === found.ref.name);
    return items.filter(isAbout).toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
  }

  /** The log of a container as far as it is written. A cluster in this process listens from the first call on. */
  async logs(pod: string | Pod, options: LogOptions = {}): Promise<string> {
    const { namespace, name } = podRef(pod, options);
    const query = new URLSearchParams();
    if (options.container !== undefined) query.set('container', options.container);
    if (options.previous === true) query.set('previous', 'true');
    if (options.tailLines !== undefined) query.set('tailLines', String(options.tailLines));
    if (options.sinceSeconds !== undefined) query.set('sinceSeconds', String(options.sinceSeconds));
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/log?${query}`;
    return textOf(await (await this.#http()).stream({ method: 'GET', path }));
  }

  /** Runs a command in a container. A cluster in this process listens from the first call on. */
  async exec(pod: string | Pod, command: readonly string[], options: PodOptions = {}): Promise<ExecResult> {
    const { namespace, name } = podRef(pod, options);
    const query = new URLSearchParams({ stdout: 'true', stderr: 'true' });
    if (options.container !== undefined) query.set('container', options.container);
    for (const word of command) query.append('command', word);
    const [stdout, stderr] = [new Text(), new Text()];
    const session = { config: await this.#backend.access(), transport: await this.#http(), signal: new AbortController().signal };
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/exec?${query}`;
    const exitCode = await remoteCommand(session, path, { stdout, stderr, tty: false });
    return { stdout: stdout.toString(), stderr: stderr.toString(), exitCode };
  }

  /**
   * Keeps the state that the cluster has when it has come to rest. `restore` brings it back; a later `save` replaces
   * it. Only on the simulated runtime.
   */
  async save(): Promise<void> {
    this.#saved = await this.#backend.save();
  }

  /**
   * Brings the cluster back to the saved state: objects, with their uids, containers, rules for these, and faults. The
   * clock stays where it is. Clients that watch see a burst of changes. Rejects with an Error when nothing has been
   * saved.
   */
  async restore(): Promise<void> {
    if (this.#saved === undefined) throw new Error('nothing has been saved: call save() first');
    await this.#saved.restore();
  }

  /** Ends the cluster; nothing of it is left. */
  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #end(): Promise<void> {
    this.#transport?.close();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    await this.#backend.stop();
  }

  async #http(): Promise<HttpTransport> {
    this.#transport ??= new HttpTransport(await this.#backend.access());
    return this.#transport;
  }

  async #kindOf(apiVersion: string, kindName: string): Promise<AnyKind> {
    const [version = '', group = ''] = apiVersion.split('/').reverse();
    const kind = await this.#backend.kind(group, version, kindName);
    if (kind === undefined) throw new Error(`the cluster serves no kind ${kindName} in version ${apiVersion}`);
    return kind;
  }

  async #find(object: ObjectName, namespace = 'default'): Promise<{ readonly kind: AnyKind; readonly ref: ObjectRef }> {
    if (typeof object === 'string') {
      const [word = '', name = '', ...rest] = object.split('/');
      if (name === '' || rest.length > 0) throw new TypeError(`an object is named as in "deployment/web", not ${JSON.stringify(object)}`);
      const kind = (await this.#backend.kinds()).find((each) => isNamed(each, word.toLowerCase()));
      if (kind === undefined) throw new Error(`the cluster serves no kind ${JSON.stringify(word)}`);
      return { kind, ref: { namespace: kind.scope === 'Cluster' ? '' : namespace, name } };
    }
    const { apiVersion = '', kind: kindName = '', metadata: { name = '', namespace: own = namespace } = {} } = object;
    if (name === '') throw new TypeError('the object has no name');
    const kind = await this.#kindOf(apiVersion, kindName);
    return { kind, ref: { namespace: kind.scope === 'Cluster' ? '' : own, name } };
  }

  async #read(kind: AnyKind, ref: ObjectRef): Promise<KubeObject | undefined> {
    try {
      return await this.client.resource(kind).get(ref);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #waitError(what: {
    readonly kind: AnyKind;
    readonly ref: ObjectRef;
    readonly condition: WaitCondition;
    readonly current: KubeObject | undefined;
    readonly verdict: Verdict;
    readonly timeoutMs: number;
  }): Promise<WaitError> {
    const { kind, ref, condition, current, verdict, timeoutMs } = what;
    const lastLines = async (pod: Pod, container: string, tailLines: number): Promise<string | undefined> => {
      try {
        return await this.logs(pod, { container, tailLines });
      } catch (error) {
        if (error instanceof StatusError) return undefined;
        throw error;
      }
    };
    const story =
      current === undefined ? '' : await storyOf(current, { client: this.client, kinds: () => this.#backend.kinds(), lastLines });
    return new WaitError({
      object: `${kind.names.singular}/${ref.name}${ref.namespace === '' ? '' : ` in namespace ${ref.namespace}`}`,
      condition: typeof condition === 'string' ? condition : 'as it is wanted',
      reason: verdict.why,
      story,
      after: verdict.failed === true ? 'and cannot become so' : `after ${timeoutMs / 1000} s`,
    });
  }
}

/** Collects what is written. */
class Text extends Writable {
  readonly #chunks: Buffer[] = [];
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }
  override toString(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}

const timeOf = ({ eventTime, lastTimestamp, firstTimestamp, metadata }: Event): string =>
  lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata.creationTimestamp ?? '';

function podRef(pod: string | Pod, { namespace = 'default' }: PodOptions): ObjectRef {
  return typeof pod === 'string'
    ? { namespace, name: pod.replace(/^pods?\//, '') }
    : { namespace: pod.metadata.namespace ?? namespace, name: pod.metadata.name };
}

function isNamed({ kind, plural, names, group }: AnyKind, word: string): boolean {
  const known = [kind.toLowerCase(), plural, names.singular, ...names.shortNames];
  return known.includes(word) || known.some((name) => `${name}.${group}` === word);
}

function judgeOf(kind: AnyKind, condition: WaitCondition): (object: KubeObject | undefined) => Verdict {
  if (condition === 'deleted') return (object) => ({ holds: object === undefined, why: 'it exists' });
  const present = (judge: (object: KubeObject) => Verdict) => (object: KubeObject | undefined) =>
    object === undefined ? { holds: false, why: 'it does not exist' } : judge(object);
  if (typeof condition === 'function')
    return present((object) => {
      const answer = condition(object);
      return answer === true ? { holds: true, why: '' } : { holds: false, why: answer === false ? 'the condition does not hold' : answer };
    });
  if (condition === 'exists') return present(() => ({ holds: true, why: '' }));
  return condition === 'ready'
    ? present((object) => readinessOf(kind.resourceName, object))
    : present((object) => conditionVerdict(object, condition));
}
