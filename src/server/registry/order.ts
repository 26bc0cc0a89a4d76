/**
 * Orders: objects that are acted on and not stored. These are the bodies of sub-resources that only take creates
 * (binding, eviction, token), and of resources that do nothing else (bindings, reviews). Source: apiserver
 * pkg/endpoints/handlers/create.go with rest.NamedCreater.
 */
import { isObject, type JsonObject } from '../../api/json.ts';
import { apiVersionOf } from '../../api/kind.ts';
import type { GroupVersionKind, KubeObject } from '../../api/object.ts';
import { asJson, asObject, withMeta } from '../../api/object-fields.ts';
import { statusErrors } from '../../api/status-error.ts';
import { subresourceType } from '../../api/subresource.ts';
import { gateOf } from './admit.ts';
import { decodeAs } from './codec.ts';
import { type ChangeRequest, inNamespace, withoutSystemMeta, withUniqueOwners } from './prepare.ts';
import type { Body, MutateOptions, OrderCode, Target } from './registry.ts';
import { servedBy } from './served-version.ts';

/**
 * Decodes an order, runs admission and carries the order out. Returns the body of the answer. Rejects with StatusError.
 */
export async function carryOut(request: ChangeRequest, body: Body, options: MutateOptions, code?: OrderCode): Promise<JsonObject> {
  const { parts, context, target } = request;
  const { kind, subresource } = target;
  const own = parts.behaviours.get(kind.resourceName)?.orders?.[subresource];
  const act = code ?? own?.bind(undefined, parts);
  if (act === undefined) throw statusErrors.methodNotSupported({ group: kind.group, resource: kind.plural }, 'create');
  const type = typeOfBody(target, body);
  const decoded = decodeAs(parts, context, type, { ...body, fieldValidation: options.fieldValidation });
  const received = withUniqueOwners(context, owned(request, asObject({ ...decoded, metadata: decoded.metadata ?? {} })), false);
  const named = target.name === '' ? { ...request, target: { ...target, name: received.metadata.name ?? '' } } : request;
  const gate = gateOf(named, options);
  const admitted = withUniqueOwners(context, await gate.mutate(received, undefined), true);
  return act({
    context,
    target: named.target,
    options,
    object: asJson(admitted),
    admit: (object) => gate.validate(asObject(object), undefined),
  });
}

/** The type that a body has: that of the sub-resource, in the old version that the body names where it takes one. */
function typeOfBody(target: Target, { json }: Body): GroupVersionKind {
  const { kind, subresource } = target;
  const type = subresourceType(kind, subresource, servedBy(target));
  const declared = kind.subresources[subresource];
  const sent = isObject(json) ? json.apiVersion : undefined;
  const old = declared?.does === 'create' ? declared.oldVersions?.find((version) => apiVersionOf(type.group, version) === sent) : undefined;
  return old === undefined ? type : { ...type, version: old };
}

/**
 * Puts the order into the namespace of the request, and removes metadata that only the server sets. The metadata is
 * kept where it refers to another object (`keepsSystemMeta`).
 */
function owned({ target }: ChangeRequest, object: KubeObject): KubeObject {
  const declared = target.kind.subresources[target.subresource];
  const wiped = declared?.does === 'create' && declared.keepsSystemMeta === true ? object : withoutSystemMeta(object);
  return inNamespace(target, withMeta(wiped, { managedFields: undefined }));
}
