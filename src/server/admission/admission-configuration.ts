/**
 * The configuration of admission plugins, as kube-apiserver reads it: an AdmissionConfiguration whose plugins have
 * their own. Only PodSecurity has one here. Source: apiserver pkg/admission/config.go, pod-security-admission
 * admission/api.
 */
import { type FieldError, FieldPath, fieldErrors, renderFieldError } from '../../api/field-error.ts';
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../api/names.ts';
import {
  isLevel,
  isPolicyVersion,
  type LevelVersion,
  type PodSecurityMode,
  type PodSecurityPolicy,
} from '../../api/pod-security/policy.ts';
import { aggregated } from './aggregate.ts';
import type { PodSecurityExemptions } from './pod-security.ts';

/** What a file configures. */
export interface AdmissionConfiguration {
  readonly podSecurity?: { readonly defaults: PodSecurityPolicy; readonly exemptions: PodSecurityExemptions };
}

/** Thrown for a configuration that is none; the message says why. */
export class AdmissionConfigurationError extends Error {}

const versions = /^(apiserver\.config\.k8s\.io\/v1|apiserver\.k8s\.io\/v1alpha1)$/;
const podSecurityVersions = /^pod-security\.admission\.config\.k8s\.io\/(v1|v1beta1|v1alpha1)$/;

/** Interprets a parsed file; `readOther` parses another file that it names. Throws AdmissionConfigurationError. */
export function admissionConfiguration(file: JsonValue, readOther: (path: string) => JsonValue): AdmissionConfiguration {
  const { plugins = [] } = typed(file, 'AdmissionConfiguration', versions);
  if (!Array.isArray(plugins)) throw new AdmissionConfigurationError('plugins: must be a list');
  const found: { podSecurity?: NonNullable<AdmissionConfiguration['podSecurity']> } = {};
  for (const plugin of plugins) {
    const { name, path, configuration } = isObject(plugin) ? plugin : {};
    if (name !== 'PodSecurity') throw new AdmissionConfigurationError(`plugins: ${JSON.stringify(name ?? null)} cannot be configured`);
    const given = configuration ?? (typeof path === 'string' && path !== '' ? readOther(path) : null);
    found.podSecurity = podSecurityConfiguration(typed(given, 'PodSecurityConfiguration', podSecurityVersions));
  }
  return found;
}

function typed(value: JsonValue, kind: string, apiVersions: RegExp): JsonObject {
  if (!isObject(value)) throw new AdmissionConfigurationError(`a ${kind} is expected`);
  if (value.kind === kind && typeof value.apiVersion === 'string' && apiVersions.test(value.apiVersion)) return value;
  const shown = `${JSON.stringify(value.kind ?? null)} in version ${JSON.stringify(value.apiVersion ?? null)}`;
  throw new AdmissionConfigurationError(`no kind ${shown} is known; a ${kind} is expected`);
}

function podSecurityConfiguration({ defaults, exemptions }: JsonObject): NonNullable<AdmissionConfiguration['podSecurity']> {
  const errors: FieldError[] = [];
  const given = isObject(defaults) ? defaults : {};
  const exempt = isObject(exemptions) ? exemptions : {};
  const policy = {
    enforce: levelVersion(given, 'enforce', errors),
    audit: levelVersion(given, 'audit', errors),
    warn: levelVersion(given, 'warn', errors),
  };
  const lists = {
    usernames: names(exempt, 'usernames', (name) => (name === '' ? ['username must not be empty'] : []), errors),
    namespaces: names(exempt, 'namespaces', isDns1123Label, errors),
    runtimeClasses: names(exempt, 'runtimeClasses', isDns1123Subdomain, errors),
  };
  if (errors.length > 0) throw new AdmissionConfigurationError(aggregated(errors.map(renderFieldError)));
  return { defaults: policy, exemptions: lists };
}

function levelVersion(defaults: JsonObject, mode: PodSecurityMode, errors: FieldError[]): LevelVersion {
  const at = FieldPath.root.field('defaults');
  const level = textAt(defaults[mode], 'privileged');
  const version = textAt(defaults[`${mode}-version`], 'latest');
  if (!isLevel(level)) errors.push(fieldErrors.invalid(at.field(mode), level, 'must be one of privileged, baseline, restricted'));
  if (!isPolicyVersion(version)) errors.push(fieldErrors.invalid(at.field(`${mode}-version`), version, 'must be "latest" or "v1.x"'));
  return { level: isLevel(level) ? level : 'restricted', version };
}

const textAt = (value: JsonValue | undefined, otherwise: string): string =>
  value === undefined || value === null || value === '' ? otherwise : String(value);

function names(
  exemptions: JsonObject,
  field: string,
  complaints: (name: string) => readonly string[],
  errors: FieldError[],
): readonly string[] {
  const given = exemptions[field] ?? [];
  const list = (Array.isArray(given) ? given : [given]).map(String);
  for (const [index, name] of list.entries()) {
    const at = FieldPath.root.field('exemptions', field).index(index);
    const wrong = complaints(name);
    if (wrong.length > 0) errors.push(fieldErrors.invalid(at, name, wrong.join(', ')));
    else if (list.indexOf(name) < index) errors.push(fieldErrors.duplicate(at, name));
  }
  return list;
}
