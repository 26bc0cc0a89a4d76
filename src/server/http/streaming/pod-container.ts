/**
 * Which pod and container a stream is for, with upstream's checks. Source: pkg/registry/core/pod/strategy.go
 * (validateContainer, streamLocation).
 */
import { statusErrors } from '../../../api/status-error.ts';
import type { RequestContext, Target } from '../../registry/registry.ts';
import type { ServerContext } from '../server-context.ts';

interface Named {
  readonly name: string;
}

/** The part of a pod that streams look at. */
export interface StreamPod {
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
  readonly spec: {
    readonly nodeName?: string | undefined;
    readonly containers: readonly Named[];
    readonly initContainers?: readonly Named[] | undefined;
    readonly ephemeralContainers?: readonly Named[] | undefined;
  };
  readonly status?: { readonly phase?: string | undefined; readonly podIP?: string | undefined } | undefined;
}

/** Reads the pod of a stream's target. Throws 404. */
export async function podOf(context: RequestContext, server: ServerContext, target: Target): Promise<StreamPod> {
  const entry = await server.registry.get(context, { ...target, subresource: '' }, { resourceVersion: '' });
  // Only pods declare exec, attach, log and portforward, so the object is a pod.
  return entry.object as unknown as StreamPod;
}

const goList = (items: readonly Named[]): string => `[${items.map(({ name }) => name).join(' ')}]`;

/** The requested container, or the only one of the pod. Throws 400. */
export function containerOf(pod: StreamPod, asked: string): string {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const podName = pod.metadata.name;
  if (asked !== '') {
    if ([...initContainers, ...containers, ...ephemeralContainers].some(({ name }) => name === asked)) return asked;
    throw statusErrors.badRequest(`container ${asked} is not valid for pod ${podName}`);
  }
  const [only] = containers;
  if (only === undefined) throw statusErrors.badRequest(`a container name must be specified for pod ${podName}`);
  if (containers.length === 1) return only.name;
  const inits = initContainers.length === 0 ? '' : ` or one of the init containers: ${goList(initContainers)}`;
  throw statusErrors.badRequest(`a container name must be specified for pod ${podName}, choose one of: ${goList(containers)}${inits}`);
}

/** Throws 400 when the pod has no node yet, which streams need. */
export function requireNode(pod: StreamPod): void {
  if (pod.spec.nodeName === undefined || pod.spec.nodeName === '') {
    throw statusErrors.badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  }
}
