/** Environment variables and downward-API selectors. Source: pkg/apis/core/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { EnvFromSource, EnvVar, EnvVarSource, ObjectFieldSelector, ResourceFieldSelector } from '../../generated/core/v1.ts';
import { isConfigMapKey, isDns1123Subdomain, isRelaxedEnvVarName, nameIsDnsSubdomain } from '../../names.ts';
import { tryParseQuantity } from '../../quantity.ts';
import { dnsLabel, type Errors, invalidEach, qualifiedName, requiredText } from '../../validation/common.ts';
import { localPath } from './paths.ts';

const envFieldPaths = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const volumeFieldPaths = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
/** Field labels that upstream can convert at all. Source: pkg/apis/core/pods/helpers.go. */
const knownFieldPaths = new Set([
  ...envFieldPaths,
  ...volumeFieldPaths,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
  'spec.host',
]);
const resourceFields = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const hugePages = /^(?:requests|limits)\.hugepages-/;

function fieldRefErrors(ref: ObjectFieldSelector, allowed: readonly string[], at: FieldPath): Errors {
  if (ref.apiVersion === '') return [fieldErrors.required(at.field('apiVersion'))];
  if (ref.fieldPath === '') return [fieldErrors.required(at.field('fieldPath'))];
  const cannot = (why: string): Errors => [fieldErrors.invalid(at.field('fieldPath'), ref.fieldPath, `error converting fieldPath: ${why}`)];
  if (ref.apiVersion !== 'v1') return cannot(`unsupported pod version: ${ref.apiVersion}`);
  const subscripted = /^([^[]+)\['(.*)'\]$/s.exec(ref.fieldPath);
  if (subscripted !== null) {
    const [, path = '', key = ''] = subscripted;
    if (path === 'metadata.annotations') return qualifiedName(key.toLowerCase(), at);
    if (path === 'metadata.labels') return qualifiedName(key, at);
    return knownFieldPaths.has(path)
      ? [fieldErrors.invalid(at, path, 'does not support subscript')]
      : cannot(`field label does not support subscript: ${ref.fieldPath}`);
  }
  if (!knownFieldPaths.has(ref.fieldPath)) return cannot(`field label not supported: ${ref.fieldPath}`);
  const path = ref.fieldPath === 'spec.host' ? 'spec.nodeName' : ref.fieldPath;
  return allowed.includes(path) ? [] : [fieldErrors.notSupported(at.field('fieldPath'), path, allowed)];
}

/** A `fieldRef` in a volume. */
export const volumeFieldRefErrors = (ref: ObjectFieldSelector, at: FieldPath): Errors => fieldRefErrors(ref, volumeFieldPaths, at);

const bytesDivisors = new Set(['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']);
const bytesDivisorsText = '1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei';

function divisorErrors({ resource, divisor }: ResourceFieldSelector, at: FieldPath): Errors {
  if ((tryParseQuantity(divisor || '0')?.nanos ?? 0n) === 0n) return [];
  const refuse = (allowed: string, what: string): Errors => [
    fieldErrors.invalid(at.field('divisor'), resource, `only divisor's values ${allowed} are supported with the ${what}`),
  ];
  if (resource.endsWith('.cpu')) return divisor === '1' || divisor === '1m' ? [] : refuse('1m and 1', 'cpu resource');
  if (bytesDivisors.has(divisor)) return [];
  if (resource.endsWith('.memory')) return refuse(bytesDivisorsText, 'memory resource');
  if (resource.endsWith('.ephemeral-storage')) return refuse(bytesDivisorsText, 'local ephemeral storage resource');
  return hugePages.test(resource) ? refuse(bytesDivisorsText, 'hugepages resource') : [];
}

/** A `resourceFieldRef`; in a volume it must name its container. */
export function resourceFieldRefErrors(ref: ResourceFieldSelector, inVolume: boolean, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  if (inVolume && (ref.containerName ?? '') === '') errors.push(fieldErrors.required(at.field('containerName')));
  else if (ref.resource === '') errors.push(fieldErrors.required(at.field('resource')));
  else if (!resourceFields.includes(ref.resource) && !hugePages.test(ref.resource)) {
    errors.push(fieldErrors.notSupported(at.field('resource'), ref.resource, resourceFields));
  }
  return [...errors, ...divisorErrors(ref, at)];
}

function keyRefErrors(ref: { readonly name?: string | undefined; readonly key: string }, at: FieldPath): Errors {
  const name = ref.name ?? '';
  return [
    ...invalidEach(isDns1123Subdomain(name), name, at.field('name')),
    ...(ref.key === '' ? [fieldErrors.required(at.field('key'))] : invalidEach(isConfigMapKey(ref.key), ref.key, at.field('key'))),
  ];
}

function valueFromErrors(source: EnvVarSource, value: string, at: FieldPath): Errors {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  const errors: FieldError[] = [];
  if (fieldRef !== undefined) errors.push(...fieldRefErrors(fieldRef, envFieldPaths, at.field('fieldRef')));
  if (resourceFieldRef !== undefined) errors.push(...resourceFieldRefErrors(resourceFieldRef, false, at.field('resourceFieldRef')));
  if (configMapKeyRef !== undefined) errors.push(...keyRefErrors(configMapKeyRef, at.field('configMapKeyRef')));
  if (secretKeyRef !== undefined) errors.push(...keyRefErrors(secretKeyRef, at.field('secretKeyRef')));
  if (fileKeyRef !== undefined) {
    const here = at.field('fileKeyRef');
    const [key, volume] = [here.field('key'), here.field('volumeName')];
    errors.push(...(fileKeyRef.key === '' ? requiredText('', key) : invalidEach(isRelaxedEnvVarName(fileKeyRef.key), fileKeyRef.key, key)));
    errors.push(...(fileKeyRef.volumeName === '' ? requiredText('', volume) : dnsLabel(fileKeyRef.volumeName, volume)));
    errors.push(...(fileKeyRef.path === '' ? [fieldErrors.required(here.field('path'))] : localPath(fileKeyRef.path, here.field('path'))));
  }
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter((one) => one !== undefined).length;
  if (count === 0) {
    errors.push(
      fieldErrors.invalid(at, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'),
    );
  } else if (value !== '') errors.push(fieldErrors.invalid(at, '', 'may not be specified when `value` is not empty'));
  else if (count > 1) errors.push(fieldErrors.invalid(at, '', 'may not have more than one field specified at a time'));
  return errors;
}

/** The variables of a container. */
export const envErrors = (variables: readonly EnvVar[], at: FieldPath): Errors =>
  variables.flatMap(({ name, value = '', valueFrom }, i) => [
    ...(name === ''
      ? [fieldErrors.required(at.index(i).field('name'))]
      : invalidEach(isRelaxedEnvVarName(name), name, at.index(i).field('name'))),
    ...(valueFrom === undefined ? [] : valueFromErrors(valueFrom, value, at.index(i).field('valueFrom'))),
  ]);

function sourceNameErrors({ name = '' }: { readonly name?: string | undefined }, at: FieldPath): Errors {
  return name === '' ? [fieldErrors.required(at.field('name'))] : invalidEach(nameIsDnsSubdomain(name, true), name, at.field('name'));
}

/** The config maps and secrets whose keys become variables. */
export const envFromErrors = (sources: readonly EnvFromSource[], at: FieldPath): Errors =>
  sources.flatMap(({ prefix = '', configMapRef, secretRef }, i) => {
    const here = at.index(i);
    const errors: FieldError[] = prefix === '' ? [] : [...invalidEach(isRelaxedEnvVarName(prefix), prefix, here.field('prefix'))];
    if (configMapRef !== undefined) errors.push(...sourceNameErrors(configMapRef, here.field('configMapRef')));
    if (secretRef !== undefined) errors.push(...sourceNameErrors(secretRef, here.field('secretRef')));
    if (configMapRef === undefined && secretRef === undefined) {
      errors.push(fieldErrors.invalid(at, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      errors.push(fieldErrors.invalid(at, '', 'may not have more than one field specified at a time'));
    }
    return errors;
  });
