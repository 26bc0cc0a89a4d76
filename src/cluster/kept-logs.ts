/**
 * Keeps the logs of containers that are removed, also those of earlier runs and of deleted pods: files below one
 * folder, in the kubelet's layout `<namespace>_<pod>_<uid>/<container>/<attempt>.log`, each line with its time.
 */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorText } from '../api/error-text.ts';
import type { Logger } from '../client/logger.ts';
import type { Container, ContainerRuntime, Containers } from '../runtime/container/container-runtime.ts';

/** The file of a container's log. Source: pkg/kubelet/kuberuntime/helpers.go BuildPodLogsDirectory. */
export const keptLog = (folder: string, { pod, name, attempt }: Pick<Container, 'pod' | 'name' | 'attempt'>): string =>
  join(folder, `${pod.namespace}_${pod.name}_${pod.uid}`, name, `${attempt}.log`);

async function keep({ containers, streams }: ContainerRuntime, folder: string, id: string): Promise<void> {
  const container = await containers.inspect(id);
  if (container === undefined || container.startedAtMs === 0) return;
  const path = keptLog(folder, container);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const text = new PassThrough();
  const written = pipeline(text, createWriteStream(path, { mode: 0o600 }));
  const { signal } = new AbortController();
  await Promise.all([streams.logs(id, { follow: false, timestamps: true, signal }, text).finally(() => text.end()), written]);
}

/**
 * The runtime, which writes a container's log into the folder before it removes the container. A log that cannot be
 * kept is reported in the server's own log; the container is removed all the same.
 */
export function keepingLogs(runtime: ContainerRuntime, folder: string, log: Logger): ContainerRuntime {
  const { containers } = runtime;
  const keeping: Containers = {
    create: (config) => containers.create(config),
    start: (id) => containers.start(id),
    stop: (id, graceSeconds) => containers.stop(id, graceSeconds),
    remove: async (id) => {
      await keep(runtime, folder, id).catch((error: unknown) =>
        log.warn('The log of a container could not be kept', { container: id, error: errorText(error) }),
      );
      await containers.remove(id);
    },
    inspect: (id) => containers.inspect(id),
    list: (node) => containers.list(node),
    updateResources: (id, resources) => containers.updateResources(id, resources),
    userOf: (imageId, security) => containers.userOf(imageId, security),
    stats: (id) => containers.stats(id),
  };
  return { ...runtime, containers: keeping };
}

/** Keeps the logs of all containers that there are. Rejects with the first failure, after it has tried all. */
export async function keepAllLogs(runtime: ContainerRuntime, folder: string): Promise<void> {
  const kept = await Promise.allSettled((await runtime.containers.list()).map(({ id }) => keep(runtime, folder, id)));
  const failure = kept.find(({ status }) => status === 'rejected');
  if (failure?.status === 'rejected') throw failure.reason;
}
