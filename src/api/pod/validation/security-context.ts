/** Security contexts of Pods and containers. Source: pkg/apis/core/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { AppArmorProfile, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext, Sysctl } from '../../generated/core/v1.ts';
import { internalForm } from '../../internal-form/internal-form.ts';
import { isUserId } from '../../names.ts';
import { type Errors, invalidEach, oneOf } from '../../validation/common.ts';
import { descendingPath } from './paths.ts';
import { windowsOptionsErrors } from './windows.ts';

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'] as const;

function seccompErrors(profile: SeccompProfile | undefined, at: FieldPath): Errors {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const here = at.field('localhostProfile');
  const errors: FieldError[] =
    (type as string) === ''
      ? [fieldErrors.required(at.field('type'), 'type is required when seccompProfile is set')]
      : [...oneOf(type, profileTypes, at.field('type'))];
  if (type === 'Localhost') {
    if (localhostProfile === undefined) errors.push(fieldErrors.required(here, 'must be set when seccomp type is Localhost'));
    else errors.push(...descendingPath(localhostProfile, here));
  } else if (localhostProfile !== undefined) {
    errors.push(fieldErrors.invalid(here, internalForm('SeccompProfile', profile), 'can only be set when seccomp type is Localhost'));
  }
  return errors;
}

const maxProfileBytes = 4095;

/** What is wrong with a profile. */
export function appArmorErrors(profile: AppArmorProfile | undefined, at: FieldPath): Errors {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const here = at.field('localhostProfile');
  if ((type as string) === '') return [fieldErrors.required(at.field('type'), 'type is required when appArmorProfile is set')];
  if (type !== 'Localhost') {
    const unknown = oneOf(type, profileTypes, at.field('type'));
    if (unknown.length > 0 || localhostProfile === undefined) return unknown;
    return [fieldErrors.invalid(here, localhostProfile, 'can only be set when AppArmor type is Localhost')];
  }
  if (localhostProfile === undefined) return [fieldErrors.required(here, 'must be set when AppArmor type is Localhost')];
  const errors: FieldError[] = [];
  if (localhostProfile.trim() !== localhostProfile) {
    errors.push(fieldErrors.invalid(here, localhostProfile, 'must not be padded with whitespace'));
  } else if (localhostProfile === '') errors.push(fieldErrors.required(here, 'must be set when AppArmor type is Localhost'));
  if (localhostProfile.length > maxProfileBytes) errors.push(fieldErrors.tooLong(here, maxProfileBytes));
  return errors;
}

const idErrors = (id: number | undefined, at: FieldPath): Errors => (id === undefined ? [] : invalidEach(isUserId(id), id, at));

/** The security context of one container. */
export function containerSecurityErrors(context: SecurityContext | undefined, hostUsers: boolean, at: FieldPath): Errors {
  if (context === undefined) return [];
  const { procMount, allowPrivilegeEscalation, privileged, capabilities } = context;
  const errors: FieldError[] = [
    ...idErrors(context.runAsUser, at.field('runAsUser')),
    ...idErrors(context.runAsGroup, at.field('runAsGroup')),
  ];
  if (procMount !== undefined) {
    errors.push(...oneOf(procMount, ['Default', 'Unmasked'], at.field('procMount')));
    if (hostUsers && procMount === 'Unmasked') {
      errors.push(fieldErrors.invalid(at.field('procMount'), procMount, '`hostUsers` must be false to use `Unmasked`'));
    }
  }
  errors.push(...seccompErrors(context.seccompProfile, at.field('seccompProfile')));
  if (allowPrivilegeEscalation === false) {
    if (privileged === true) {
      errors.push(
        fieldErrors.invalid(
          at,
          internalForm('SecurityContext', context),
          'cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
        ),
      );
    }
    if ((capabilities?.add ?? []).includes('CAP_SYS_ADMIN')) {
      errors.push(
        fieldErrors.invalid(
          at,
          internalForm('SecurityContext', context),
          'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
        ),
      );
    }
  }
  return [
    ...errors,
    ...windowsOptionsErrors(context.windowsOptions, at.field('windowsOptions')),
    ...appArmorErrors(context.appArmorProfile, at.field('appArmorProfile')),
  ];
}

const sysctlFormat = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const sysctlPattern = new RegExp(sysctlFormat);
const ipcSysctl = /^(?:kernel[./](?:shm|msg|sem$)|fs[./]mqueue[./])/;
const netSysctl = /^net[./]/;

function sysctlsErrors(sysctls: readonly Sysctl[], spec: PodSpec, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, { name }] of sysctls.entries()) {
    const here = at.index(i).field('name');
    if (name === '') errors.push(fieldErrors.required(here));
    else if (name.length > 253 || !sysctlPattern.test(name)) {
      errors.push(fieldErrors.invalid(here, name, `must have at most 253 characters and match regex ${sysctlFormat}`));
    } else if (seen.has(name)) errors.push(fieldErrors.duplicate(here, name));
    if (spec.hostNetwork === true && netSysctl.test(name)) {
      errors.push(fieldErrors.invalid(here, name, "may not be specified when 'hostNetwork' is true"));
    } else if (spec.hostIPC === true && ipcSysctl.test(name)) {
      errors.push(fieldErrors.invalid(here, name, "may not be specified when 'hostIPC' is true"));
    }
    seen.add(name);
  }
  return errors;
}

const optionalOneOf = (value: string | undefined, supported: readonly string[], at: FieldPath): Errors =>
  value === undefined ? [] : oneOf(value, supported, at);

/** The security context of a Pod; `spec` holds the host namespaces that it goes with. */
export function podSecurityErrors(context: PodSecurityContext, spec: PodSpec, at: FieldPath): Errors {
  const bothProcess = spec.shareProcessNamespace === true && spec.hostPID === true;
  return [
    ...idErrors(context.fsGroup, at.field('fsGroup')),
    ...idErrors(context.runAsUser, at.field('runAsUser')),
    ...idErrors(context.runAsGroup, at.field('runAsGroup')),
    ...(context.supplementalGroups ?? []).flatMap((id, i) => idErrors(id, at.field('supplementalGroups').index(i))),
    ...(bothProcess
      ? [fieldErrors.invalid(at.field('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled')]
      : []),
    ...sysctlsErrors(context.sysctls ?? [], spec, at.field('sysctls')),
    ...optionalOneOf(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], at.field('fsGroupChangePolicy')),
    ...seccompErrors(context.seccompProfile, at.field('seccompProfile')),
    ...windowsOptionsErrors(context.windowsOptions, at.field('windowsOptions')),
    ...appArmorErrors(context.appArmorProfile, at.field('appArmorProfile')),
    ...optionalOneOf(context.supplementalGroupsPolicy, ['Merge', 'Strict'], at.field('supplementalGroupsPolicy')),
    ...optionalOneOf(context.seLinuxChangePolicy, ['Recursive'], at.field('seLinuxChangePolicy')),
  ];
}
