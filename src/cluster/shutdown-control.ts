/** The requests of `/minik/shutdown`: GET tells which containers run, POST shuts the nodes down gracefully. */
import { type ShutdownOutcome, shutdownOrder } from '../api/cluster-shutdown.ts';
import { statusErrors } from '../api/status-error.ts';
import type { ContainerRuntime } from '../runtime/container/container-runtime.ts';
import type { Control } from '../server/http/controls.ts';
import type { NodePool } from './node-pool.ts';

/** `parts`: of the cluster, undefined until they are made. */
export function shutdownControl(parts: () => { readonly nodes: NodePool; readonly runtime: ContainerRuntime } | undefined): Control {
  return async ({ method, rest, body, signal }) => {
    if (rest !== '') throw statusErrors.noSuchResource();
    if (method !== 'GET' && method !== 'POST') throw statusErrors.methodNotAllowed();
    const order = method === 'POST' ? shutdownOrder(body) : undefined;
    if (method === 'POST' && order === undefined) throw statusErrors.badRequest('always must be true or false');
    const { nodes, runtime } = parts() ?? {};
    const endedPods = order === undefined ? 0 : ((await nodes?.shutDown(order, signal)) ?? 0);
    const containers = (await runtime?.containers.list()) ?? [];
    const outcome: ShutdownOutcome = {
      endedPods,
      runningContainers: containers.filter(({ state }) => state === 'running').length,
      configuredSeconds: nodes?.shutdownSeconds ?? 0,
    };
    return { ...outcome };
  };
}
