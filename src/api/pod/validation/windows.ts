/**
 * Options of Windows containers, which minik does not run but must check. Source:
 * pkg/apis/core/validation/validation.go.
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { Container, EphemeralContainer, PodSpec, WindowsSecurityContextOptions } from '../../generated/core/v1.ts';
import { isDns1123Subdomain } from '../../names.ts';
import { byteLength, type Errors, invalidEach } from '../../validation/common.ts';

const maxCredentialSpecBytes = 64 * 1024;
const maxDomainBytes = 256;
const maxUserBytes = 104;
const netBiosPattern = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsPattern = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

function userComplaints(name: string): readonly string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (/\p{Cc}/u.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts.at(-1) ?? '';
  const domain = parts.length === 2 ? (parts[0] ?? '') : undefined;
  const complaints: string[] = [];
  if (byteLength(domain ?? '') >= maxDomainBytes)
    complaints.push(`runAsUserName's Domain length must be under ${maxDomainBytes} characters`);
  if (domain !== undefined && !netBiosPattern.test(domain) && !dnsPattern.test(domain)) {
    complaints.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') complaints.push("runAsUserName's User cannot be empty");
  else if (byteLength(user) > maxUserBytes)
    complaints.push(`runAsUserName's User length must not be longer than ${maxUserBytes} characters`);
  if (/^[. ]+$/.test(user)) complaints.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    complaints.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  }
  return complaints;
}

/** The Windows part of a security context. */
export function windowsOptionsErrors(options: WindowsSecurityContextOptions | undefined, at: FieldPath): Errors {
  if (options === undefined) return [];
  const { gmsaCredentialSpecName: specName, gmsaCredentialSpec: spec, runAsUserName } = options;
  const errors: FieldError[] = [];
  if (specName !== undefined) errors.push(...invalidEach(isDns1123Subdomain(specName), specName, at.field('gmsaCredentialSpecName')));
  if (spec === '') {
    errors.push(fieldErrors.invalid(at.field('gmsaCredentialSpec'), spec, 'gmsaCredentialSpec cannot be an empty string'));
  } else if (spec !== undefined && byteLength(spec) > maxCredentialSpecBytes) {
    errors.push(fieldErrors.invalid(at.field('gmsaCredentialSpec'), spec, 'gmsaCredentialSpec size must be under 64 KiB'));
  }
  if (runAsUserName !== undefined) errors.push(...invalidEach(userComplaints(runAsUserName), runAsUserName, at.field('runAsUserName')));
  return errors;
}

/** Every container of a spec with its path. */
export function* containersOf(spec: PodSpec, at: FieldPath): Generator<readonly [Container | EphemeralContainer, FieldPath]> {
  for (const [i, container] of (spec.initContainers ?? []).entries()) yield [container, at.field('initContainers').index(i)];
  for (const [i, container] of spec.containers.entries()) yield [container, at.field('containers').index(i)];
  for (const [i, container] of (spec.ephemeralContainers ?? []).entries()) yield [container, at.field('ephemeralContainers').index(i)];
}

/** Either all containers are host-process containers or none is, and they need the host's network. */
export function hostProcessErrors(spec: PodSpec, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const ofPod = spec.securityContext.windowsOptions?.hostProcess;
  let all = 0;
  let hostProcess = 0;
  for (const [container, here] of containersOf(spec, at)) {
    const own = container.securityContext?.windowsOptions?.hostProcess;
    all++;
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      errors.push(
        fieldErrors.invalid(
          here.field('securityContext', 'windowsOptions', 'hostProcess'),
          own,
          `pod hostProcess value must be identical if both are specified, was ${ofPod}`,
        ),
      );
    }
    if (own ?? ofPod ?? false) hostProcess++;
  }
  if (hostProcess === 0) return errors;
  if (hostProcess !== all) {
    errors.push(
      fieldErrors.invalid(at, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers'),
    );
  }
  if (spec.hostNetwork !== true) {
    errors.push(fieldErrors.invalid(at.field('hostNetwork'), false, 'hostNetwork must be true if pod contains any hostProcess containers'));
  }
  return errors;
}

const podFields = ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'] as const;
const podContextFields = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
] as const;
const containerContextFields = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;

/** Fields that a Pod may not set for the operating system that it names. */
export function osErrors(spec: PodSpec, at: FieldPath): Errors {
  const name = spec.os?.name;
  if (spec.os === undefined) return [];
  if (name === '') return [fieldErrors.required(at.field('os', 'name'))];
  const windows = name === 'windows';
  if (!windows && name !== 'linux') return [fieldErrors.notSupported(at.field('os'), name, ['linux', 'windows'])];
  const context = at.field('securityContext');
  const forbid = (path: FieldPath): FieldError =>
    fieldErrors.forbidden(path, windows ? 'cannot be set for a windows pod' : 'windows options cannot be set for a linux pod');
  const errors: FieldError[] = [];
  if (windows) {
    for (const field of podContextFields) if (spec.securityContext[field] !== undefined) errors.push(forbid(context.field(field)));
    for (const field of podFields) if (spec[field] !== undefined) errors.push(forbid(at.field(field)));
  } else if (spec.securityContext.windowsOptions !== undefined) errors.push(forbid(context.field('windowsOptions')));
  for (const [{ securityContext: own }, path] of containersOf(spec, at)) {
    const here = path.field('securityContext');
    for (const field of windows ? containerContextFields : (['windowsOptions'] as const)) {
      if (own?.[field] !== undefined) errors.push(forbid(here.field(field)));
    }
  }
  return errors;
}
