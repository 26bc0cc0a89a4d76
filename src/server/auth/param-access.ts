/**
 * Who writes an admission policy, or a binding, must be able to read the parameters that it refers to: its expressions
 * could tell of them. Source: pkg/registry/admissionregistration/{validating,mutating}admissionpolicy{,binding}/authz.go.
 */
import { type FieldError, FieldPath, fieldErrors } from '../../api/field-error.ts';
import type {
  ParamKind,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../api/generated/admissionregistration/v1.ts';
import type { AnyKind, KubeObject } from '../../api/kind.ts';
import { mutatingAdmissionPolicy } from '../../api/kinds/admissionregistration/mutating-admission-policy.ts';
import { mutatingAdmissionPolicyBinding } from '../../api/kinds/admissionregistration/mutating-admission-policy-binding.ts';
import { validatingAdmissionPolicy } from '../../api/kinds/admissionregistration/validating-admission-policy.ts';
import { validatingAdmissionPolicyBinding } from '../../api/kinds/admissionregistration/validating-admission-policy-binding.ts';
import type { KindSet, UserInfo } from '../registry/registry.ts';
import type { WriteCheck } from '../registry/registry-parts.ts';
import type { AccessAuthorizer } from './authorized-registry.ts';

export interface ParamAccessOptions {
  readonly authorizer: Pick<AccessAuthorizer, 'authorize'>;
  /** Structurally admission's ObjectReader. */
  readonly reader: { get(resourceName: string, namespace: string, name: string): KubeObject | undefined };
  /** The Kinds that are served. */
  kinds(): Pick<KindSet, 'byKind'>;
}

/** What has to be readable. */
interface Referred {
  readonly verb: 'get' | 'list';
  readonly namespace: string;
  readonly name: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly resource: string;
}

const privilegedGroup = 'system:masters';
/** Stands for all that are not known. */
const any = '*';

/** A user as Go prints it. */
const goUser = ({ name, uid, groups, extra }: UserInfo): string =>
  `&{${name} ${uid} [${groups.join(' ')}] map[${Object.entries(extra)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, values]) => `${key}:[${values.join(' ')}]`)
    .join(' ')}]}`;

const forbidden = (field: 'paramKind' | 'paramRef', why: string): readonly FieldError[] => [
  fieldErrors.forbidden(FieldPath.root.field('spec', field), why),
];

/** Makes the checks of policies and bindings, by resource name. */
export function paramChecks({ authorizer, reader, kinds }: ParamAccessOptions): ReadonlyMap<string, WriteCheck> {
  const may = (user: UserInfo, referred: Referred): boolean =>
    authorizer.authorize({ user, isResourceRequest: true, subresource: '', path: '', ...referred }).allowed;

  const resourceOf = ({ apiVersion = '', kind = '' }: ParamKind): Pick<Referred, 'apiGroup' | 'apiVersion' | 'resource'> => {
    const slash = apiVersion.indexOf('/');
    const [group, version] = [apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1)];
    return { apiGroup: group, apiVersion: version, resource: kinds().byKind(group, version, kind)?.plural ?? any };
  };

  const policyCheck: WriteCheck = ({ context: { user }, object, previous }) => {
    // Only policies come here; those that change objects have the same field.
    const { paramKind } = (object as ValidatingAdmissionPolicy).spec;
    const before = (previous as ValidatingAdmissionPolicy | undefined)?.spec.paramKind;
    if (paramKind === undefined || user.groups.includes(privilegedGroup)) return [];
    if (before?.kind === paramKind.kind && before?.apiVersion === paramKind.apiVersion) return [];
    if (may(user, { verb: 'get', name: any, namespace: any, ...resourceOf(paramKind) })) return [];
    const { kind = '', apiVersion = '' } = paramKind;
    const referred = `kind=${kind}, apiVersion=${apiVersion}`;
    return forbidden(
      'paramKind',
      `user ${goUser(user)} must have "get" permission on all objects of the referenced paramKind (${referred})`,
    );
  };

  const bindingCheck =
    (policyKind: AnyKind, refusal: (user: string, verb: string) => string): WriteCheck =>
    ({ context: { user }, object }) => {
      // Only bindings come here; those of policies that change objects have the same fields.
      const { paramRef, policyName } = (object as ValidatingAdmissionPolicyBinding).spec;
      if (paramRef === undefined || user.groups.includes(privilegedGroup)) return [];
      const { name = '', namespace = '' } = paramRef;
      const policy = reader.get(policyKind.resourceName, '', policyName ?? '') as ValidatingAdmissionPolicy | undefined;
      const paramKind = policy?.spec.paramKind;
      const where = paramKind === undefined ? { apiGroup: any, apiVersion: any, resource: any } : resourceOf(paramKind);
      const verb = name === '' ? 'list' : 'get';
      if (may(user, { verb, name, namespace, ...where })) return [];
      const shown = goUser(user);
      const lacks = `to determine minimum required permissions and user ${shown} does not have "${verb}" permission for all groups, versions and resources`;
      if (policy === undefined) return forbidden('paramRef', `unable to get policy ${policyName ?? ''} ${lacks}`);
      if (paramKind !== undefined && where.resource === any) {
        return forbidden('paramRef', `unable to resolve paramKind &{${paramKind.apiVersion ?? ''} ${paramKind.kind ?? ''}} ${lacks}`);
      }
      return forbidden('paramRef', refusal(shown, verb));
    };

  const refused = (who: string, what: string): string =>
    `user ${who} does not have "${what}" permission on the object referenced by paramRef`;
  return new Map<string, WriteCheck>([
    [validatingAdmissionPolicy.resourceName, policyCheck],
    [mutatingAdmissionPolicy.resourceName, policyCheck],
    [validatingAdmissionPolicyBinding.resourceName, bindingCheck(validatingAdmissionPolicy, refused)],
    // Upstream's message has the two the other way round.
    [mutatingAdmissionPolicyBinding.resourceName, bindingCheck(mutatingAdmissionPolicy, (user, verb) => refused(verb, user))],
  ]);
}
