/**
 * The environment of a container: service variables, `envFrom`, `env` with expansion; what the manifest says wins over what is generated.
 * Source: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables).
 */
import type { Container, EnvFromSource, EnvVar, Pod } from '../../api/generated/core/v1.ts';
import { expand } from './expansion.ts';
import { fieldValue, type PodRuntimeFacts, resourceValue } from './field-ref.ts';
import { PodConfigError, type PodSources } from './pod-sources.ts';
import { serviceEnvironment } from './service-environment.ts';

const configError = (message: string): PodConfigError => new PodConfigError('CreateContainerConfigError', message);

const decodeBase64 = (value: string): string => Buffer.from(value, 'base64').toString('utf8');

async function addFrom(env: Map<string, string>, source: EnvFromSource, namespace: string, sources: PodSources): Promise<void> {
  const prefix = source.prefix ?? '';
  const { configMapRef, secretRef } = source;
  if (configMapRef !== undefined) {
    const name = configMapRef.name ?? '';
    const configMap = await sources.configMap(namespace, name);
    if (configMap === undefined) {
      if (configMapRef.optional === true) return;
      throw configError(`configmap ${JSON.stringify(name)} not found`);
    }
    for (const [key, value] of Object.entries(configMap.data ?? {})) env.set(prefix + key, value);
  } else if (secretRef !== undefined) {
    const name = secretRef.name ?? '';
    const secret = await sources.secret(namespace, name);
    if (secret === undefined) {
      if (secretRef.optional === true) return;
      throw configError(`secret ${JSON.stringify(name)} not found`);
    }
    for (const [key, value] of Object.entries(secret.data ?? {})) env.set(prefix + key, decodeBase64(value));
  }
}

/** The value of a `valueFrom`; undefined when an optional source is absent and the variable is left out. */
async function valueFrom(variable: EnvVar, input: EnvironmentInput): Promise<string | undefined> {
  const { pod, container, sources, facts } = input;
  const from = variable.valueFrom;
  const namespace = pod.metadata.namespace ?? '';
  if (from?.fieldRef !== undefined) {
    const value = fieldValue(pod, from.fieldRef.fieldPath, facts);
    if (value === undefined) throw configError(`unsupported fieldPath: ${from.fieldRef.fieldPath}`);
    return value;
  }
  if (from?.resourceFieldRef !== undefined) {
    const { containerName } = from.resourceFieldRef;
    const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    const subject = containerName === undefined || containerName === '' ? container : all.find((c) => c.name === containerName);
    if (subject === undefined) throw configError(`container ${containerName ?? ''} not found`);
    return resourceValue(subject, from.resourceFieldRef, facts);
  }
  if (from?.configMapKeyRef !== undefined) {
    const { key, optional } = from.configMapKeyRef;
    const name = from.configMapKeyRef.name ?? '';
    const configMap = await sources.configMap(namespace, name);
    if (configMap === undefined && optional !== true) throw configError(`configmap ${JSON.stringify(name)} not found`);
    const value = configMap?.data?.[key];
    if (value === undefined && optional !== true) throw configError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
    return value;
  }
  if (from?.secretKeyRef !== undefined) {
    const { key, optional } = from.secretKeyRef;
    const name = from.secretKeyRef.name ?? '';
    const secret = await sources.secret(namespace, name);
    if (secret === undefined && optional !== true) throw configError(`secret ${JSON.stringify(name)} not found`);
    const value = secret?.data?.[key];
    if (value === undefined && optional !== true) throw configError(`couldn't find key ${key} in Secret ${namespace}/${name}`);
    return value === undefined ? undefined : decodeBase64(value);
  }
  return '';
}

export interface EnvironmentInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly sources: PodSources;
  readonly facts: PodRuntimeFacts;
}

/** Resolves every variable. Rejects with `PodConfigError` when a source that is not optional is missing. */
export async function containerEnvironment(input: EnvironmentInput): Promise<ReadonlyMap<string, string>> {
  const { pod, container, sources } = input;
  const namespace = pod.metadata.namespace ?? '';
  const generated = serviceEnvironment(sources.services(), { namespace, enableServiceLinks: pod.spec.enableServiceLinks ?? true });
  const env = new Map<string, string>();
  for (const source of container.envFrom ?? []) await addFrom(env, source, namespace, sources);
  const lookup = (name: string): string | undefined => env.get(name) ?? generated.get(name);
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom === undefined ? expand(variable.value ?? '', lookup) : await valueFrom(variable, input);
    if (value !== undefined) env.set(variable.name, value);
  }
  for (const [name, value] of generated) if (!env.has(name)) env.set(name, value);
  return env;
}
