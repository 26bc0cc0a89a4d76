/**
 * Selects the pod for `logs`, `exec`, `attach` and `port-forward`: by name, or the best pod of a workload or Service.
 * Source: kubectl pkg/polymorphichelpers, pkg/util/podutils, pkg/cmd/util/podcmd.
 */

import { CommandError } from '../command/command.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { isKind, traitsOf } from '../kinds/kinds.ts';
import { unregistered } from '../kinds/registered.ts';
import { type ApiResource, resourcePath } from '../resources/discovery.ts';
import { listError, listObjects } from '../resources/list.ts';
import { findResource, selectOne } from '../resources/resource-args.ts';
import { watchUntil } from '../waiting/watch-until.ts';

export interface PodContainer {
  readonly name: string;
  readonly tty?: boolean;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number; readonly protocol?: string }[];
}

interface PodCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
}

export interface TerminatedState {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
}

/** A Pod from the API, with the fields that these verbs read. */
export interface PodObject extends Pick<ApiObject, 'metadata'> {
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly PodContainer[];
    readonly initContainers?: readonly PodContainer[];
    readonly ephemeralContainers?: readonly PodContainer[];
  };
  readonly status: {
    readonly phase?: string;
    readonly conditions?: readonly PodCondition[];
    readonly containerStatuses?: readonly { readonly restartCount?: number; readonly state?: { readonly terminated?: TerminatedState } }[];
  };
}

/** The object as a Pod. The cast is safe for the API's answer to a read of a pod. */
export const asPod = (object: ApiObject): PodObject => object as unknown as PodObject;

export const podName = (pod: Pick<ApiObject, 'metadata'>): string => pod.metadata?.name ?? '';

/**
 * Reads a TYPE/NAME or a POD. Rejects with CommandError for kinds that kubectl does not know; `scheme` is where
 * upstream looks them up.
 */
export async function readOne(
  session: Session,
  arg: string,
  options: { readonly name?: string | undefined; readonly scheme?: string } = {},
): Promise<{ readonly resource: ApiResource; readonly object: ApiObject }> {
  const { resource, name } =
    options.name === undefined ? await selectOne(session, arg) : { resource: await findResource(session, arg), name: options.name };
  const object = await session.object({ method: 'GET', path: resourcePath(resource, session.namespace, name) });
  const refusal = await unregistered(resource, '', options.scheme);
  if (refusal !== undefined) throw refusal;
  return { resource, object };
}

/** `*v1.ConfigMap`. */
export const goType = (resource: ApiResource): string => `*${resource.version}.${resource.kind}`;

/** The label selector of an object's pods, as text. Throws CommandError. */
export function podSelectorOf(resource: ApiResource, object: ApiObject): string {
  const traits = traitsOf(resource);
  if (traits?.podSelector === undefined) throw new CommandError(`selector for ${goType(resource)} not implemented`);
  return traits.podSelector(object);
}

const readyCondition = (pod: PodObject): PodCondition | undefined =>
  pod.status.conditions?.find((c) => c.type === 'Ready' && c.status === 'True');
const restarts = (pod: PodObject): number => Math.max(0, ...(pod.status.containerStatuses ?? []).map((s) => s.restartCount ?? 0));
const phaseRank: Readonly<Record<string, number>> = { Running: 0, Unknown: 1, Pending: 2 };
const timeOf = (text: string | undefined): number => (text === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(text));

/** Best pod first: running, ready for longest, oldest; `restartsFirst` prefers those that restarted most (for logs). */
function comparePods(restartsFirst: boolean): (a: PodObject, b: PodObject) => number {
  return (a, b) =>
    Number((a.spec.nodeName ?? '') === '') - Number((b.spec.nodeName ?? '') === '') ||
    (phaseRank[a.status.phase ?? ''] ?? 0) - (phaseRank[b.status.phase ?? ''] ?? 0) ||
    Number(readyCondition(a) === undefined) - Number(readyCondition(b) === undefined) ||
    timeOf(readyCondition(a)?.lastTransitionTime) - timeOf(readyCondition(b)?.lastTransitionTime) ||
    (restartsFirst ? restarts(b) - restarts(a) : restarts(a) - restarts(b)) ||
    timeOf(a.metadata?.creationTimestamp) - timeOf(b.metadata?.creationTimestamp);
}

/** The pods of a selector, best first. */
export async function listPods(session: Session, selector: string, forLogs: boolean): Promise<readonly PodObject[]> {
  const pods: PodObject[] = [];
  const resource = await findResource(session, 'pods');
  try {
    const path = resourcePath(resource, session.namespace);
    for await (const pod of listObjects(session, path, { labelSelector: selector })) pods.push(asPod(pod));
  } catch (error) {
    throw listError(error, resource, { selector, fieldSelector: '' });
  }
  return pods.sort(comparePods(forLogs));
}

/**
 * The pods of an object, best first; waits for the first one to appear. Rejects with CommandError after `timeoutMs`.
 */
export async function podsOfObject(
  session: Session,
  resource: ApiResource,
  object: ApiObject,
  options: { readonly forLogs: boolean; readonly timeoutMs: number },
): Promise<readonly PodObject[]> {
  if (isKind(resource, 'Pod')) return [asPod(object)];
  const selector = podSelectorOf(resource, object);
  const found = await listPods(session, selector, options.forLogs);
  if (found.length > 0) return found;
  const pods = await findResource(session, 'pods');
  let first: PodObject | undefined;
  const appeared = await watchUntil(
    session,
    { resource: pods, namespace: session.namespace, name: '', selector },
    (pod) => {
      if (pod !== undefined) first = asPod(pod);
      return pod !== undefined;
    },
    options.timeoutMs,
  );
  if (!appeared || first === undefined) throw new CommandError('timed out waiting for the condition');
  return [first];
}

/** The one pod to attach to, exec into or forward to. */
export async function attachablePod(session: Session, resource: ApiResource, object: ApiObject, timeoutMs: number): Promise<PodObject> {
  try {
    const [pod] = await podsOfObject(session, resource, object, { forLogs: false, timeoutMs });
    if (pod !== undefined) return pod;
  } catch (error) {
    if (error instanceof CommandError && error.message.startsWith('selector for ')) {
      throw new CommandError(`cannot attach to ${goType(resource)}: ${error.message}`);
    }
    throw error;
  }
  throw new CommandError('timed out waiting for the condition');
}

/** Every container name as messages list them. */
export function allContainerNames(pod: PodObject): string {
  const { containers, ephemeralContainers = [], initContainers = [] } = pod.spec;
  return [
    ...containers.map((c) => c.name),
    ...ephemeralContainers.map((c) => `${c.name} (ephem)`),
    ...initContainers.map((c) => `${c.name} (init)`),
  ].join(', ');
}

export function findContainer(pod: PodObject, name: string): PodContainer | undefined {
  const { containers, ephemeralContainers = [], initContainers = [] } = pod.spec;
  return [...containers, ...initContainers, ...ephemeralContainers].find((c) => c.name === name);
}

const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';

/**
 * The requested container, else the one of the default-container annotation, else the first. Prints which one it chose
 * when there are several. Throws CommandError.
 */
export function chooseContainer(pod: PodObject, asked: string, warn: (text: string) => void): PodContainer {
  const name = asked === '' ? (pod.metadata?.annotations?.[defaultContainerAnnotation] ?? '') : asked;
  if (name !== '') {
    const found = findContainer(pod, name);
    if (found === undefined)
      throw new CommandError(`container ${name} is not valid for pod ${podName(pod)} out of: ${allContainerNames(pod)}`);
    return found;
  }
  const [first] = pod.spec.containers;
  if (first === undefined) throw new CommandError(`pod ${pod.metadata?.namespace ?? ''}/${podName(pod)} does not have any containers`);
  const others = pod.spec.containers.length - 1 + (pod.spec.initContainers ?? []).length + (pod.spec.ephemeralContainers ?? []).length;
  if (others > 0) warn(`Defaulted container ${JSON.stringify(first.name)} out of: ${allContainerNames(pod)}\n`);
  return first;
}
