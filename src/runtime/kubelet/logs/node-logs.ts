/**
 * The node's own `/var/log`, in which pods that collect logs find those of all containers, as on any node:
 * `pods/<namespace>_<pod>_<uid>/<container>/<restart count>.log` in CRI format, and
 * `containers/<pod>_<namespace>_<container>-<id>.log`, which links there.
 *
 * Guarantees: the files are written only while a pod that runs mounts these folders, from what the engine keeps, so
 * that they then have everything from the beginning; a container's lines come in once, also after this process was
 * killed; nothing is read and no folder is made while no pod looks. Source: pkg/kubelet/kuberuntime/helpers.go
 * (BuildContainerLogsDirectory), legacy.go (legacyLogSymlink), kuberuntime_gc.go (evictPodLogsDirectories).
 */
import { readdir, rm, rmdir, symlink } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { isErrno } from '../../../api/errno.ts';
import { errorText } from '../../../api/error-text.ts';
import type { Pod } from '../../../api/generated/core/v1.ts';
import { type Clock, sleep } from '../../../client/clock.ts';
import type { Logger } from '../../../client/logger.ts';
import { type Container, type ContainerRuntime, RuntimeError } from '../../container/container-runtime.ts';
import { makeFolder } from '../host-files.ts';
import { CriLines, resumeAtMs } from './cri-lines.ts';
import { LogFile, logFolderMode, type Rotation, removeLog } from './log-file.ts';

/** Where the folder is on a node. */
const nodePath = '/var/log';
const containersFolder = 'containers';
const podsFolder = 'pods';

/**
 * For how long a log stays after its container was removed, so that it can be read to its end. Upstream removes the
 * folders of deleted pods once a minute.
 */
const keptMs = 60_000;
/** How long the removal of a container waits at most until its log is complete. */
const completionMs = 5000;
const retryMs = 10_000;

export interface NodeLogsOptions {
  /** The kubelet's folder. */
  readonly root: string;
  readonly runtime: Pick<ContainerRuntime, 'streams' | 'readsHostFiles'>;
  readonly rotation: Rotation;
  /** The machine's `/var/log`; undefined when pods are not to see it. */
  readonly machineLogs: string | undefined;
  /** All containers of the node's pods. */
  containers(): Iterable<Container>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborts when the kubelet stops. */
  readonly signal: AbortSignal;
}

type LoggedContainer = Pick<Container, 'id' | 'pod' | 'name' | 'attempt'>;

interface Following {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

const podFolder = ({ namespace, name, uid }: Container['pod']): string => `${namespace}_${name}_${uid}`;
const fileOf = ({ pod, name, attempt }: LoggedContainer): string => join(podsFolder, podFolder(pod), name, `${attempt}.log`);
const linkOf = ({ pod, name, id }: LoggedContainer): string => `${pod.name}_${pod.namespace}_${name}-${id}.log`;

/** The part of a host path below `/var/log` that the node has for itself; undefined when it has not. */
function ownPart(path: string): string | undefined {
  const clean = normalize(path).replace(/\/+$/, '');
  if (clean === nodePath) return '';
  const own = [podsFolder, containersFolder].map((name) => `${nodePath}/${name}`);
  return own.some((folder) => clean === folder || clean.startsWith(`${folder}/`)) ? clean.slice(nodePath.length + 1) : undefined;
}

export class NodeLogs {
  readonly #options: NodeLogsOptions;
  readonly #folder: string;
  /** The uids of pods that run and mount the folder. */
  readonly #readers = new Set<string>();
  readonly #following = new Map<string, Following>();
  /** Cancels the removals that are due later. */
  readonly #removals = new Set<() => void>();
  /** There may be files, of this kubelet or an earlier one. */
  #hasFiles = false;

  constructor(options: NodeLogsOptions) {
    this.#options = options;
    this.#folder = join(options.root, 'log');
  }

  /** Where the node has what a pod mounts from this host path; undefined when it has not a place of its own for it. */
  place(hostPath: string): string | undefined {
    const part = this.#options.runtime.readsHostFiles ? ownPart(hostPath) : undefined;
    return part === undefined ? undefined : join(this.#folder, part);
  }

  /**
   * Folders of the machine's `/var/log` that are mounted below the node's, by their names; empty for any other path.
   */
  async machineFolders(place: string): Promise<ReadonlyMap<string, string>> {
    const { machineLogs } = this.#options;
    if (place !== this.#folder || machineLogs === undefined) return new Map();
    const entries = await readdir(machineLogs, { withFileTypes: true }).catch((error: unknown) => {
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    });
    const names = entries.filter((entry) => entry.isDirectory() && entry.name !== podsFolder && entry.name !== containersFolder);
    for (const { name } of names) await makeFolder(join(this.#folder, name), logFolderMode);
    return new Map(names.map(({ name }) => [name, join(machineLogs, name)]));
  }

  /** A pod looks from now on: makes the folders, and writes the logs of all containers. */
  async use({ metadata: { uid } }: Pod): Promise<void> {
    for (const name of ['', podsFolder, containersFolder]) await makeFolder(join(this.#folder, name), logFolderMode);
    const isFirst = this.#readers.size === 0;
    this.#hasFiles = true;
    this.#readers.add(uid);
    if (isFirst) for (const container of this.#options.containers()) this.started(container);
  }

  /** The pod looks no longer. When no pod does, nothing more is written. */
  leave(uid: string): void {
    if (!this.#readers.delete(uid) || this.#readers.size > 0) return;
    for (const { stop } of this.#following.values()) stop.abort();
  }

  /** A container runs, or has run. */
  started(container: LoggedContainer & Pick<Container, 'state'>): void {
    if (this.#readers.size === 0 || container.state === 'created') return;
    const before = this.#following.get(container.id);
    if (before !== undefined && !before.stop.signal.aborted) return;
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#options.signal]);
    const ended = (before?.ended ?? Promise.resolve()).then(() => this.#follow(container, signal));
    this.#following.set(container.id, { stop, ended });
  }

  /** Resolves when the logs of containers that have ended are written to their ends, at the latest after seconds. */
  async complete(ids: Iterable<string>): Promise<void> {
    const open = [...ids].flatMap((id) => this.#following.get(id)?.ended ?? []);
    if (open.length === 0) return;
    const late = new AbortController();
    await Promise.race([Promise.all(open), sleep(this.#options.clock, completionMs, late.signal)]);
    late.abort();
  }

  /** A container was removed: its log goes, too, after a minute. */
  removed(container: LoggedContainer): void {
    if (!this.#hasFiles) return;
    const cancel = this.#options.clock.setTimer(keptMs, () => {
      this.#removals.delete(cancel);
      const following = this.#following.get(container.id);
      this.#following.delete(container.id);
      following?.stop.abort();
      Promise.resolve(following?.ended)
        .then(() => this.#remove(container))
        .catch((error: unknown) =>
          this.#options.log.warn('The log of a removed container is left', { ...textOf(container), error: errorText(error) }),
        );
    });
    this.#removals.add(cancel);
  }

  /** Removes the files of containers that there are no longer. */
  async prune(): Promise<void> {
    const pods = await this.#entries(podsFolder);
    this.#hasFiles ||= pods.length > 0;
    const files: string[] = [];
    for (const pod of pods)
      for (const container of await this.#entries(podsFolder, pod))
        for (const file of await this.#entries(podsFolder, pod, container)) files.push(join(podsFolder, pod, container, file));
    const links = await this.#entries(containersFolder);
    // Looked up after the files were listed: containers are made before their files.
    const known = [...this.#options.containers()];
    const folders = new Set(known.map(({ pod }) => podFolder(pod)));
    const wanted = new Set(known.flatMap((container) => [fileOf(container), join(containersFolder, linkOf(container))]));
    const others = [...files, ...links.map((link) => join(containersFolder, link))].filter(
      (path) => !wanted.has(path.replace(/(?<=^pods\/.*\.log)\..*$/, '')),
    );
    const left = pods.filter((pod) => !folders.has(pod)).map((pod) => join(podsFolder, pod));
    for (const path of [...others, ...left]) await rm(join(this.#folder, path), { recursive: true, force: true });
  }

  /** Resolves when nothing is written any more; after the kubelet's signal. */
  async stopped(): Promise<void> {
    for (const cancel of this.#removals) cancel();
    await Promise.all([...this.#following.values()].map(({ ended }) => ended));
  }

  /** Writes the log of a container to its end. What fails is tried again. */
  async #follow(container: LoggedContainer, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let reported = '';
    while (!signal.aborted) {
      try {
        await this.#write(container, signal);
        return;
      } catch (error) {
        if (error instanceof RuntimeError && error.code === 'NotFound') return;
        const message = errorText(error);
        if (message !== reported) log.warn('The log of a container cannot be written for now', { ...textOf(container), error: message });
        reported = message;
        await sleep(clock, retryMs, signal);
      }
    }
  }

  async #write(container: LoggedContainer, signal: AbortSignal): Promise<void> {
    const { runtime, rotation, clock } = this.#options;
    const { file, reached } = await LogFile.open(join(this.#folder, fileOf(container)), rotation, () => clock.now());
    try {
      await this.#link(container);
      const lines = new CriLines(reached);
      const sinceMs = resumeAtMs(reached);
      const options = { signal, ...(sinceMs === undefined ? {} : { sinceMs }) };
      await runtime.streams.followLog(container.id, options, (pieces) => file.write(lines.add(pieces)));
      if (!signal.aborted) await file.write(lines.end());
    } finally {
      await file.close();
    }
  }

  async #link(container: LoggedContainer): Promise<void> {
    try {
      await symlink(join(nodePath, fileOf(container)), join(this.#folder, containersFolder, linkOf(container)));
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
  }

  async #remove(container: LoggedContainer): Promise<void> {
    const path = join(this.#folder, fileOf(container));
    await removeLog(path);
    await rm(join(this.#folder, containersFolder, linkOf(container)), { force: true });
    for (const folder of [join(path, '..'), join(path, '..', '..')]) {
      try {
        await rmdir(folder);
      } catch (error) {
        if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'ENOENT')) throw error;
      }
    }
  }

  async #entries(...path: readonly string[]): Promise<readonly string[]> {
    try {
      return await readdir(join(this.#folder, ...path));
    } catch (error) {
      if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return [];
      throw error;
    }
  }
}

const textOf = ({ pod, name }: LoggedContainer) => ({ pod: `${pod.namespace}/${pod.name}`, container: name });
