/**
 * Runs the pods that files on the node describe, and mirrors them in the API. Guarantees: the file decides: a mirror
 * that somebody deletes or replaces is made again, and its pod runs on; a file that changes replaces its pod, the old
 * one ending first; mirrors without a file are deleted.
 *
 * Differs: the API checks and defaults the pods before they run, so that a file whose pod it refuses (its namespace is
 * missing, it names Secrets) runs nothing. Source: pkg/kubelet/kubelet.go (tryReconcileMirrorPods), pod_workers.go.
 */
import { errorText } from '../../../api/error-text.ts';
import type { Node, Pod } from '../../../api/generated/core/v1.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { refKey, refOf } from '../../../api/object.ts';
import { isAlreadyExists, isConflict, isNotFound, StatusError } from '../../../api/status-error.ts';
import { rfc3339 } from '../../../api/time.ts';
import type { Client } from '../../../client/client.ts';
import type { Clock } from '../../../client/clock.ts';
import type { Logger } from '../../../client/logger.ts';
import type { PodWorker } from '../pods/pod-worker.ts';
import { configHash, configMirror, isMirrorPod, isStaticPod, shows } from './config-annotations.ts';
import { manifestsAt, watchManifests } from './manifest-folder.ts';
import { ManifestError, type Mirror, mirrorOf, staticPodOf } from './static-pod.ts';

const retryMs = 10_000;

export interface StaticPodsOptions {
  /** A folder of manifests, or one file; undefined: there are none. */
  readonly path: string | undefined;
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The node as it was registered; undefined before. */
  node(): Node | undefined;
  /** The pods of this node in the API. */
  podsInApi(): readonly Pod[];
  workers(): readonly PodWorker[];
  /** Makes the worker of a new static pod. */
  run(pod: Pod): void;
}

const nameOf = (pod: Pod): string => refKey(refOf(pod));

export class StaticPods {
  readonly #options: StaticPodsOptions;
  /** What the files ask for, by the full name of the pod. */
  #wanted: ReadonlyMap<string, Mirror> = new Map();
  /** Files that are not run, and why, as last logged. */
  #refused = new Map<string, string>();
  #turn: Promise<void> = Promise.resolve();
  #queued = false;
  #reload = true;
  #cancelRetry: (() => void) | undefined;

  constructor(options: StaticPodsOptions) {
    this.#options = options;
  }

  /** Reads the files for the first time, and follows them. Resolves when their pods have workers. */
  async start(): Promise<void> {
    const { path, log, signal } = this.#options;
    signal.addEventListener('abort', () => this.#cancelRetry?.(), { once: true });
    if (path !== undefined) {
      try {
        watchManifests(path, () => this.#changed(true), signal);
      } catch (error) {
        log.warn('manifests of static pods cannot be watched', { path, error: errorText(error) });
      }
    }
    this.#changed(true);
    await this.#turn;
  }

  /** A pod of the API that may be a mirror came, changed or went. */
  podChanged(pod: Pod): void {
    if (!isMirrorPod(pod)) return;
    const worker = this.#options.workers().find(({ state }) => shows(pod, state.pod));
    const { deletionTimestamp } = pod.metadata;
    // A new mirror shows nothing yet of its pod.
    if (worker !== undefined && deletionTimestamp === undefined && pod.status.startTime === undefined) worker.showAgain();
    if (worker === undefined || deletionTimestamp !== undefined) this.#changed(false);
  }

  /** A mirror has gone, or a worker of a pod that has ended. */
  look(): void {
    this.#changed(false);
  }

  #changed(reload: boolean): void {
    this.#reload ||= reload;
    if (this.#queued || this.#options.signal.aborted) return;
    this.#queued = true;
    this.#turn = this.#turn.then(async () => {
      this.#queued = false;
      try {
        await this.#sync();
      } catch (error) {
        this.#options.log.warn('static pods could not be synced', { error: errorText(error) });
        this.#retry();
      }
    });
  }

  #retry(): void {
    const { clock, signal } = this.#options;
    if (signal.aborted || this.#cancelRetry !== undefined) return;
    this.#cancelRetry = clock.setTimer(retryMs, () => {
      this.#cancelRetry = undefined;
      this.#changed(true);
    });
  }

  async #sync(): Promise<void> {
    if (this.#reload) {
      this.#reload = false;
      await this.#load();
    }
    const workers = this.#options.workers().filter(({ state }) => isStaticPod(state.pod));
    for (const worker of workers) {
      if (this.#wanted.get(nameOf(worker.state.pod))?.hash !== worker.state.pod.metadata.uid) this.#end(worker);
    }
    for (const [name, mirror] of this.#wanted) {
      if (!workers.some(({ state }) => nameOf(state.pod) === name)) await this.#begin(mirror);
    }
    await this.#mirror();
  }

  async #load(): Promise<void> {
    const { clock, path } = this.#options;
    const node = this.#options.node();
    if (path === undefined || node === undefined) return;
    const wanted = new Map<string, Mirror>();
    const refused = new Map<string, string>();
    for (const manifest of await manifestsAt(path)) {
      try {
        const mirror = mirrorOf(manifest, node, rfc3339(clock.now()));
        wanted.set(refKey(mirror), mirror);
      } catch (error) {
        if (!(error instanceof ManifestError)) throw error;
        this.#refuse(refused, manifest.path, error.message);
      }
    }
    this.#wanted = wanted;
    this.#refused = refused;
  }

  #refuse(refused: Map<string, string>, what: string, why: string): void {
    if (this.#refused.get(what) !== why) this.#options.log.warn('static pod is not run', { manifest: what, reason: why });
    refused.set(what, why);
  }

  /** Ends a pod within its grace period, as if it had been deleted. */
  #end(worker: PodWorker): void {
    const { pod } = worker.state;
    if (pod.metadata.deletionTimestamp !== undefined) return;
    const seconds = pod.spec.terminationGracePeriodSeconds;
    const deletionTimestamp = rfc3339(this.#options.clock.now() + seconds * 1000);
    worker.update({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: seconds } });
  }

  /** Has the API check a pod and fill in its defaults, and runs it. A pod that the API refuses is tried again. */
  async #begin(mirror: Mirror): Promise<void> {
    const { client, podsInApi, run } = this.#options;
    const known = podsInApi().find(
      (pod) => refKey(refOf(pod)) === refKey(mirror) && pod.metadata.annotations?.[configMirror] === mirror.hash,
    );
    if (known !== undefined) return run(staticPodOf(mirror, withoutEnd(known)));
    const { name: _name, ...metadata } = mirror.object.metadata ?? {};
    const nameless = { ...mirror.object, metadata: { ...metadata, generateName: `${mirror.name}-` } };
    try {
      run(staticPodOf(mirror, await client.resource(podKind).create(nameless, { dryRun: true })));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.#refuse(this.#refused, refKey(mirror), error.message);
      this.#retry();
    }
  }

  /** Makes the API's mirrors those of the pods that are to run. */
  async #mirror(): Promise<void> {
    const { client, podsInApi, workers } = this.#options;
    const api = client.resource(podKind);
    const mirrors = new Map(
      podsInApi()
        .filter(isMirrorPod)
        .map((pod) => [nameOf(pod), pod]),
    );
    const running = new Map(
      workers()
        .filter(({ state }) => isStaticPod(state.pod))
        .map(({ state }) => [nameOf(state.pod), state.pod]),
    );
    for (const [name, pod] of mirrors) {
      const own = running.get(name);
      const isCurrent = own !== undefined && shows(pod, own) && pod.metadata.deletionTimestamp === undefined;
      if (isCurrent) continue;
      await ignoring(api.delete(refOf(pod), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } }));
      mirrors.delete(name);
    }
    for (const [name, pod] of running) {
      const mirror = this.#wanted.get(name);
      const isWanted = mirror !== undefined && mirror.hash === pod.metadata.annotations?.[configHash];
      if (isWanted && !mirrors.has(name)) await ignoring(api.create(mirror.object));
    }
  }
}

/**
 * A mirror without how its pod has ended: what an earlier kubelet ended runs again, as its containers do not say
 * otherwise.
 */
function withoutEnd(mirror: Pod): Pod {
  const { phase, reason: _reason, message: _message, ...status } = mirror.status;
  return phase === 'Succeeded' || phase === 'Failed' ? { ...mirror, status } : mirror;
}

/** The mirror has gone or come meanwhile. */
async function ignoring(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error) && !isAlreadyExists(error)) throw error;
  }
}
