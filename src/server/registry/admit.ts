/** Calls the admission chain with a request's attributes. */
import type { KubeObject } from '../../api/object.ts';
import type { AdmissionAttributes } from '../admission/admission.ts';
import type { ChangeRequest } from './prepare.ts';

export interface Admitted {
  readonly object: KubeObject | undefined;
  readonly oldObject: KubeObject | undefined;
  readonly dryRun: boolean;
}

/** What plugins see: a create without an old object, a delete without a new one, else an update. */
export function attributesOf({ context, target }: ChangeRequest, { object, oldObject, dryRun }: Admitted): AdmissionAttributes {
  return {
    operation: object === undefined ? 'DELETE' : oldObject === undefined ? 'CREATE' : 'UPDATE',
    kind: target.kind,
    subresource: target.subresource,
    namespace: target.namespace,
    name: target.name === '' ? (object?.metadata.name ?? '') : target.name,
    object,
    oldObject,
    dryRun,
    context,
  };
}

/** Runs the mutating plugins; the object that comes out. */
export async function admitMutating(
  request: ChangeRequest,
  object: KubeObject,
  oldObject: KubeObject | undefined,
  dryRun: boolean,
): Promise<KubeObject> {
  return (await request.parts.admission.admit(attributesOf(request, { object, oldObject, dryRun }))) ?? object;
}

/** Runs the validating plugins. */
export const admitValidating = (request: ChangeRequest, admitted: Admitted): Promise<void> =>
  request.parts.admission.validate(attributesOf(request, admitted));
