/**
 * The one gate to admission: calls the chain with a request's attributes. Plugins see the same attributes as
 * upstream's.
 */
import type { JsonObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import type { DeleteOptions } from '../../api/request-options.ts';
import { subresourceType } from '../../api/subresource.ts';
import type { AdmissionAttributes, AdmissionObject, AdmissionOperation } from '../admission/admission.ts';
import type { ChangeRequest } from './prepare.ts';
import type { MutateOptions } from './registry.ts';
import { servedBy } from './served-version.ts';

/** The two admission phases of a write. `oldObject` is undefined for a creation. */
export interface Gate {
  /** Runs the mutating plugins and returns the resulting object with its defaults. */
  mutate(object: KubeObject, oldObject: KubeObject | undefined): Promise<KubeObject>;
  /** Runs the validating plugins. */
  validate(object: KubeObject, oldObject: KubeObject | undefined): Promise<void>;
  /** Tells plugins that wait for it whether the write was stored. Called after every `validate` of a write. */
  settle(stored: boolean): void;
}

interface Passage {
  readonly operation: AdmissionOperation;
  readonly object: AdmissionObject | undefined;
  readonly oldObject: AdmissionObject | undefined;
  /** Undefined for a connection. */
  readonly options: MutateOptions | DeleteOptions | undefined;
}

function attributesOf({ context, target }: ChangeRequest, { operation, object, oldObject, options }: Passage): AdmissionAttributes {
  const { kind, subresource, namespace } = target;
  const served = servedBy(target);
  const name = target.name === '' && operation !== 'DELETE' ? (object?.metadata?.name ?? '') : target.name;
  return {
    operation,
    kind,
    served,
    subresource,
    type: subresourceType(kind, subresource, served),
    // The namespace of a Namespace is its own name. Source: apiserver pkg/endpoints/request/requestinfo.go,
    // handlers/create.go.
    namespace: kind.resourceName === 'namespaces' ? name : namespace,
    name,
    object,
    oldObject,
    dryRun: options?.dryRun ?? false,
    options: () => (options === undefined ? undefined : optionsObject(operation, options)),
    context,
  };
}

const optionsKinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions', CONNECT: '' };

/**
 * Options in their own form. Differs: `fieldValidation: Warn`, which is the default, is left out also when the client
 * has sent it.
 */
function optionsObject(operation: AdmissionOperation, options: MutateOptions | DeleteOptions): JsonObject {
  const dryRun = options.dryRun === true ? { dryRun: ['All'] } : {};
  const type = { kind: optionsKinds[operation], apiVersion: 'meta.k8s.io/v1' };
  if (!('fieldManager' in options)) {
    const { dryRun: _asked, preconditions, ...rest } = options;
    return { ...type, ...rest, ...(preconditions === undefined ? {} : { preconditions: { ...preconditions } }), ...dryRun };
  }
  const { fieldManager, fieldValidation } = options;
  return {
    ...type,
    ...dryRun,
    ...(fieldManager === '' ? {} : { fieldManager }),
    ...(fieldValidation === 'Warn' ? {} : { fieldValidation }),
  };
}

/** The gate of a write whose objects have the target's type. */
export function gateOf(request: ChangeRequest, options: MutateOptions): Gate {
  const { admission } = request.parts;
  const withDefaults = (object: AdmissionObject): AdmissionObject => defaulted(request, object as KubeObject);
  const attributes = (object: KubeObject, oldObject: KubeObject | undefined): AdmissionAttributes =>
    attributesOf(request, { operation: oldObject === undefined ? 'CREATE' : 'UPDATE', object, oldObject, options });
  let waiting: ((stored: boolean) => void)[] | undefined;
  const onSettled = (callback: (stored: boolean) => void): void => {
    waiting = [...(waiting ?? []), callback];
  };
  return {
    mutate: async (object, oldObject) => {
      // A plugin returns what it is given: an object, of the same type.
      const admitted = (await admission.admit(attributes(object, oldObject), withDefaults)) as KubeObject;
      return withReadableOwners(request, admitted, object);
    },
    validate: (object, oldObject) => admission.validate({ ...attributes(object, oldObject), onSettled }),
    settle: (stored) => {
      const callbacks = waiting;
      waiting = undefined;
      for (const callback of callbacks ?? []) callback(stored);
    },
  };
}

/**
 * Runs the validating plugins, then `store`, and settles: whatever `store` returns is taken for stored, except
 * undefined.
 */
export async function storedThrough<T>(gate: Gate, validated: Promise<void>, store: () => Promise<T>): Promise<T> {
  let stored = false;
  try {
    await validated;
    const answer = await store();
    stored = answer !== undefined;
    return answer;
  } finally {
    gate.settle(stored);
  }
}

/**
 * The object with the managed fields that it had before, when plugins have made them unreadable. Source: apiserver
 * pkg/endpoints/handlers/fieldmanager/admission.go.
 */
function withReadableOwners({ parts: { fields }, context }: ChangeRequest, admitted: KubeObject, before: KubeObject): KubeObject {
  const { managedFields } = before.metadata;
  if (admitted.metadata.managedFields === managedFields) return admitted;
  const problem = fields.problem(admitted);
  if (problem === undefined) return admitted;
  context.warn(
    `.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: ${problem}`,
  );
  return withMeta(admitted, { managedFields });
}

/**
 * Fills in defaults again, since plugins need not know them. The Kind's defaults do not apply to the own type of a
 * sub-resource.
 */
function defaulted({ target: { kind, subresource } }: ChangeRequest, object: KubeObject): KubeObject {
  const own = subresource === '' || kind.subresources[subresource]?.does === 'update';
  return own ? (kind.codec.defaults?.(object) ?? object) : object;
}

/** Where nothing is written there is nothing to complete. */
const asItIs = (object: AdmissionObject): AdmissionObject => object;

/** Runs admission for the deletion of a stored object. Rejects when a plugin refuses. */
export async function admitDelete(request: ChangeRequest, oldObject: KubeObject, options: DeleteOptions): Promise<void> {
  const { admission } = request.parts;
  const attributes = attributesOf(request, { operation: 'DELETE', object: undefined, oldObject, options });
  await admission.admit(attributes, asItIs);
  await admission.validate(attributes);
}

/** Runs admission for a connection. Rejects when a plugin refuses. */
export async function admitConnect(request: ChangeRequest, options: JsonObject): Promise<void> {
  const { admission } = request.parts;
  // Options have apiVersion and kind, but no metadata.
  const object = options as unknown as AdmissionObject;
  const attributes = attributesOf(request, { operation: 'CONNECT', object, oldObject: undefined, options: undefined });
  await admission.admit(attributes, asItIs);
  await admission.validate(attributes);
}
