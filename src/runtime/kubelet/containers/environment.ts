/**
 * The environment of a container: service variables, `envFrom`, `env` with expansion. Variables of the manifest
 * override generated ones. Source: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables).
 */
import { errorText } from '../../../api/error-text.ts';
import type { Container, EnvFromSource, EnvVar, FileKeySelector, Pod } from '../../../api/generated/core/v1.ts';
import { PodConfigError, type PodSources } from '../pods/pod-sources.ts';
import { envFileValue } from './env-file.ts';
import { boundedExpansion, ExpansionTooLong, type expand } from './expansion.ts';
import { fieldValue, type PodRuntimeFacts, resourceValue } from './field-ref.ts';
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

const maxFileKeyChars = 128;
const maxFileValueBytes = 32 * 1024;

/** Source: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables); KEP-3721. */
async function fileValue(ref: FileKeySelector, readFile: EnvironmentInput['volumeFile']): Promise<string | undefined> {
  const { key, path, volumeName, optional } = ref;
  if (key.length > maxFileKeyChars) {
    throw configError(`environment variable key ${JSON.stringify(key)} exceeds maximum length of ${maxFileKeyChars} characters`);
  }
  let value: string;
  try {
    const content = await readFile(volumeName, path);
    if (content === undefined && optional === true) return undefined;
    if (content === undefined)
      throw new Error(`failed to open environment variable file ${JSON.stringify(path)}: no such file or directory`);
    value = envFileValue(content, key);
  } catch (error) {
    throw configError(`couldn't parse env file: ${errorText(error)}`);
  }
  if (value === '') {
    if (optional === true) return undefined;
    throw configError(`environment variable key ${JSON.stringify(key)} not found in file ${JSON.stringify(path)}`);
  }
  if (Buffer.byteLength(value) > maxFileValueBytes) {
    throw configError(`environment variable value for key ${JSON.stringify(key)} exceeds maximum size of 32KB`);
  }
  return value;
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
    return resourceValue(pod, subject, from.resourceFieldRef, facts);
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
  if (from?.fileKeyRef !== undefined) return fileValue(from.fileKeyRef, input.volumeFile);
  return '';
}

export interface EnvironmentInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly sources: PodSources;
  readonly facts: PodRuntimeFacts;
  /**
   * The text of a file of one of the pod's volumes; undefined when there is no such file. Rejects when it lies outside
   * the volume.
   */
  volumeFile(volume: string, path: string): Promise<string | undefined>;
}

/**
 * An `expand` for one container, whose results are bounded. It throws `PodConfigError` when they become longer than
 * what a program can be given.
 */
export function containerExpansion(): typeof expand {
  const bounded = boundedExpansion();
  return (text, lookup) => {
    try {
      return bounded(text, lookup);
    } catch (error) {
      throw error instanceof ExpansionTooLong ? configError(error.message) : error;
    }
  };
}

/** Resolves every variable. Rejects with `PodConfigError` when a source that is not optional is missing. */
export async function containerEnvironment(input: EnvironmentInput): Promise<ReadonlyMap<string, string>> {
  const { pod, container, sources } = input;
  const namespace = pod.metadata.namespace ?? '';
  const generated = serviceEnvironment(sources.services(), { namespace, enableServiceLinks: pod.spec.enableServiceLinks ?? true });
  const expansion = containerExpansion();
  const env = new Map<string, string>();
  for (const source of container.envFrom ?? []) await addFrom(env, source, namespace, sources);
  const lookup = (name: string): string | undefined => env.get(name) ?? generated.get(name);
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom === undefined ? expansion(variable.value ?? '', lookup) : await valueFrom(variable, input);
    if (value !== undefined) env.set(variable.name, value);
  }
  for (const [name, value] of generated) if (!env.has(name)) env.set(name, value);
  return env;
}
