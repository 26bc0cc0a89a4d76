/** The one gate: calls the admission chain with a request's attributes. What plugins see is what upstream's see. */
import type { JsonObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import { subresourceType } from '../../api/subresource.ts';
import type { AdmissionAttributes, AdmissionObject, AdmissionOperation } from '../admission/admission.ts';
import type { ChangeRequest } from './prepare.ts';
import { servedBy } from './served-version.ts';

/** A write's two passages. `oldObject` undefined: it is a creation. */
export interface Gate {
  /** Runs the mutating plugins; the object that comes out, with its defaults. */
  mutate(object: KubeObject, oldObject: KubeObject | undefined): Promise<KubeObject>;
  /** Runs the validating plugins. */
  validate(object: KubeObject, oldObject: KubeObject | undefined): Promise<void>;
}

interface Passage {
  readonly operation: AdmissionOperation;
  readonly object: AdmissionObject | undefined;
  readonly oldObject: AdmissionObject | undefined;
  readonly dryRun: boolean;
}

function attributesOf({ context, target }: ChangeRequest, { operation, object, oldObject, dryRun }: Passage): AdmissionAttributes {
  const { kind, subresource, namespace } = target;
  const served = servedBy(target);
  const name = target.name === '' && operation !== 'DELETE' ? (object?.metadata?.name ?? '') : target.name;
  return {
    operation,
    kind,
    served,
    subresource,
    type: subresourceType(kind, subresource, served),
    // A namespace is in itself. Source: apiserver pkg/endpoints/request/requestinfo.go, handlers/create.go.
    namespace: kind.resourceName === 'namespaces' ? name : namespace,
    name,
    object,
    oldObject,
    dryRun,
    context,
  };
}

/** The gate of a write whose objects are of the target's type. */
export function gateOf(request: ChangeRequest, dryRun: boolean): Gate {
  const { admission } = request.parts;
  const withDefaults = (object: AdmissionObject): AdmissionObject => defaulted(request, object as KubeObject);
  const attributes = (object: KubeObject, oldObject: KubeObject | undefined): AdmissionAttributes =>
    attributesOf(request, { operation: oldObject === undefined ? 'CREATE' : 'UPDATE', object, oldObject, dryRun });
  return {
    // A plugin returns what it is given: an object, of the same type.
    mutate: (object, oldObject) => admission.admit(attributes(object, oldObject), withDefaults) as Promise<KubeObject>,
    validate: (object, oldObject) => admission.validate(attributes(object, oldObject)),
  };
}

/** Plugins need not know of defaults. Those of the Kind are not for a sub-resource's own type. */
function defaulted({ target: { kind, subresource } }: ChangeRequest, object: KubeObject): KubeObject {
  const own = subresource === '' || kind.subresources[subresource]?.does === 'update';
  return own ? (kind.codec.defaults?.(object) ?? object) : object;
}

/** Where nothing is written there is nothing to complete. */
const asItIs = (object: AdmissionObject): AdmissionObject => object;

/** Asks for leave to delete a stored object. */
export async function admitDelete(request: ChangeRequest, oldObject: KubeObject, dryRun: boolean): Promise<void> {
  const { admission } = request.parts;
  const attributes = attributesOf(request, { operation: 'DELETE', object: undefined, oldObject, dryRun });
  await admission.admit(attributes, asItIs);
  await admission.validate(attributes);
}

/** Asks for leave to connect. */
export async function admitConnect(request: ChangeRequest, options: JsonObject): Promise<void> {
  const { admission } = request.parts;
  // Options have their type, and no metadata.
  const object = options as unknown as AdmissionObject;
  const attributes = attributesOf(request, { operation: 'CONNECT', object, oldObject: undefined, dryRun: false });
  await admission.admit(attributes, asItIs);
  await admission.validate(attributes);
}
