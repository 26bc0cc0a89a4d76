/** Pods: binding to a node, eviction. Source: pkg/registry/core/pod/storage/storage.go. */
import { type FieldError, FieldPath, fieldErrors, renderFieldError } from '../../../api/field-error.ts';
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { JsonObject, JsonValue } from '../../../api/json.ts';
import type { KubeObject } from '../../../api/object.ts';
import { StatusError, statusErrors } from '../../../api/status-error.ts';
import { rfc3339 } from '../../../api/time.ts';
import { storeKey } from '../../store/store.ts';
import { commit } from '../commit.ts';
import type { Order } from '../registry.ts';
import type { RegistryParts, ResourceBehaviour } from '../registry-parts.ts';
import { preconditionFailed } from '../store-errors.ts';
import { metadataOf, successStatus, textOf } from './bodies.ts';
import { evict } from './eviction.ts';

/** Only Pods are passed to this behaviour. */
const asPod = (object: KubeObject): Pod => object as Pod;
const podResource = { group: '', resource: 'pods' };

async function bind(parts: RegistryParts, { target, options, object: body, admit }: Order): Promise<JsonObject> {
  const metadata = metadataOf(body);
  const { name } = target;
  if (textOf(metadata.name) !== name) throw statusErrors.badRequest('name in URL does not match name in Binding object');
  const node = bindingTarget(body);
  await admit(body);
  const key = storeKey('pods', target.namespace, name);
  for (;;) {
    const existing = parts.store.get(key);
    if (existing === undefined) throw statusErrors.notFound(podResource, name);
    requirePreconditions(target, metadata, existing.object);
    const object = bound(asPod(existing.object), node, metadata, rfc3339(parts.now()));
    if (options.dryRun) return successStatus;
    if ((await commit(parts, { key, object, expectedRevision: existing.revision })) !== undefined) return successStatus;
  }
}

function bindingTarget(body: JsonObject): string {
  const target = typeof body.target === 'object' && body.target !== null ? (body.target as JsonObject) : {};
  const at = FieldPath.root.field('target');
  const errors: FieldError[] = [];
  const kind = textOf(target.kind);
  if (kind !== '' && kind !== 'Node') errors.push(fieldErrors.notSupported(at.field('kind'), kind, ['Node', '<empty>']));
  if (textOf(target.name) === '') errors.push(fieldErrors.required(at.field('name')));
  // Upstream answers these errors without a kind. Source: pkg/registry/core/pod/storage/storage.go
  // (BindingREST.Create).
  if (errors.length > 0) throw new StatusError({ code: 500, message: errors.map(renderFieldError).join(', ') });
  return textOf(target.name);
}

function requirePreconditions({ namespace, name }: Order['target'], sent: JsonObject, { metadata }: KubeObject): void {
  const at = { ...podResource, folder: podResource.resource, namespace, name };
  const { uid, resourceVersion } = sent;
  if (typeof uid === 'string' && uid !== '' && uid !== metadata.uid) throw preconditionFailed(at, 'UID', uid, metadata.uid);
  if (typeof resourceVersion === 'string' && resourceVersion !== '' && resourceVersion !== metadata.resourceVersion) {
    throw preconditionFailed(at, 'ResourceVersion', resourceVersion, metadata.resourceVersion);
  }
}

/** The pod bound to its node. Throws StatusError (409) when it cannot be bound. */
function bound(pod: Pod, node: string, metadata: JsonObject, now: string): Pod {
  const { name, deletionTimestamp } = pod.metadata;
  const refuse = (cause: string) => statusErrors.conflict({ group: '', resource: 'pods/binding' }, name, cause);
  if (deletionTimestamp !== undefined) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec.nodeName) throw refuse(`pod ${name} is already assigned to node "${pod.spec.nodeName}"`);
  if ((pod.spec.schedulingGates ?? []).length > 0) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  const conditions = (pod.status.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: now } as const;
  const annotations = { ...pod.metadata.annotations, ...stringsOf(metadata.annotations) };
  const labels = { ...pod.metadata.labels, ...stringsOf(metadata.labels) };
  // A nomination would be stale from now on (ClearingNominatedNodeNameAfterBinding).
  const { nominatedNodeName: _, ...status } = pod.status;
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
    },
    spec: { ...pod.spec, nodeName: node },
    status: { ...status, conditions: [...conditions, scheduled] },
  };
}

function stringsOf(value: JsonValue | undefined): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])));
}

export const podsBehaviour: ResourceBehaviour = { orders: { binding: bind, eviction: evict } };

/**
 * The old resource `bindings` does the same as `pods/binding`. Source: pkg/registry/core/pod/storage/storage.go
 * (LegacyBindingREST).
 */
export const bindingsBehaviour: ResourceBehaviour = { orders: { '': bind } };
