/** The containers and Pods that `kubectl debug` makes. Source: kubectl pkg/cmd/debug/debug.go. */
import { readFileSync } from 'node:fs';
import { errorText } from '../../../../api/error-text.ts';
import { isObject, type JsonObject, type JsonValue } from '../../../../api/json.ts';
import { randomSuffix } from '../../../../api/names.ts';
import { applyStrategicMergePatch } from '../../../../api/patch/strategic-merge-patch.ts';
import { yamlToJson } from '../../../../api/yaml/yaml-to-json.ts';
import { CommandError } from '../../command/command.ts';
import type { Flags } from '../../command/flags.ts';
import type { ApiObject } from '../../command/session.ts';
import { StrategicKinds } from '../../writing/strategic.ts';
import { containersOf, type DebugContainer, type DebugPod, withContainer, withSpec } from './debug-pod.ts';
import { withProfile } from './profiles.ts';

export interface Making {
  readonly flags: Flags;
  /** The words after `--`. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** By container; `*` for all others. */
  readonly images: Readonly<Record<string, string>>;
  /** Told what was chosen; does nothing when that is not wanted. */
  tell(text: string): void;
}

/** A Pod and the name of the container in it that debugs; '' when there is none. */
export interface Made {
  readonly pod: DebugPod;
  readonly container: string;
}

const suffix = (): string => randomSuffix(5, Math.random);

function newName({ flags, tell }: Making, pod: DebugPod): string {
  if (flags.string('container') !== '') return flags.string('container');
  const taken = new Set(containersOf(pod).map(({ name }) => name));
  let name = `debugger-${suffix()}`;
  while (taken.has(name)) name = `debugger-${suffix()}`;
  tell(`Defaulting debug container name to ${name}.\n`);
  return name;
}

const environment = ({ env }: Making): readonly JsonObject[] => Object.entries(env).map(([name, value]) => ({ name, value }));

function words({ flags, command }: Making): JsonObject {
  if (command.length === 0) return {};
  return flags.bool('arguments-only') ? { args: command } : { command };
}

/** A container of its own. */
function newContainer(making: Making, name: string): DebugContainer {
  const { flags } = making;
  const env = environment(making);
  const policy = flags.string('image-pull-policy');
  return {
    name,
    image: flags.string('image'),
    ...words(making),
    ...(env.length === 0 ? {} : { env }),
    ...(policy === '' ? {} : { imagePullPolicy: policy }),
    ...(flags.bool('stdin') ? { stdin: true } : {}),
    ...(flags.bool('tty') ? { tty: true } : {}),
    terminationMessagePolicy: 'File',
  };
}

const untouchable = ['name', 'command', 'image', 'lifecycle', 'volumeDevices'];

/** Reads the partial container of `--custom`; undefined without the flag. Throws CommandError. */
export function customContainer(flags: Flags): JsonObject | undefined {
  const path = flags.string('custom');
  if (path === '') return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new CommandError(`must pass a container spec json file for custom profile: open ${path}: no such file or directory`);
  }
  let custom: JsonValue;
  try {
    custom = yamlToJson(text).json;
  } catch (error) {
    throw new CommandError(`${path} does not contain a valid container spec: ${errorText(error)}`);
  }
  if (!isObject(custom)) throw new CommandError(`${path} does not contain a valid container spec`);
  if (untouchable.some((field) => custom[field] !== undefined))
    throw new CommandError('name, command, image, lifecycle and volume devices are not modifiable via custom profile');
  return custom;
}

/** The Pod with the container of `--custom` merged into the one that debugs. */
function withCustom(pod: DebugPod, name: string, list: 'containers' | 'ephemeralContainers', flags: Flags): DebugPod {
  const custom = customContainer(flags);
  const target = custom === undefined ? undefined : new StrategicKinds().target({ group: '', version: 'v1', kind: 'Pod' });
  if (target === undefined) return pod;
  const spec = { [list]: [{ ...custom, name }] };
  return applyStrategicMergePatch(pod, { spec }, target) as DebugPod; // a Pod stays a Pod
}

/** The Pod with one more ephemeral container. */
export function withDebugger(pod: DebugPod, making: Making): Made {
  const { flags } = making;
  const name = newName(making, pod);
  const target = flags.string('target');
  const container = { ...newContainer(making, name), ...(target === '' ? {} : { targetContainerName: target }) };
  const whole = withSpec(pod, { ephemeralContainers: [...(pod.spec.ephemeralContainers ?? []), container] });
  return { pod: withCustom(withProfile(whole, name, 'ephemeral', flags), name, 'ephemeralContainers', flags), container: name };
}

/** A Pod in the namespaces of a node. */
export function nodeDebugger(node: ApiObject, making: Making): Made {
  const { flags, tell } = making;
  const container = flags.string('container') || 'debugger';
  const nodeName = node.metadata?.name ?? '';
  const name = `node-debugger-${nodeName}-${suffix()}`;
  tell(`Creating debugging pod ${name} with container ${container} on node ${nodeName}.\n`);
  const pod: DebugPod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'kubectl-debug' } },
    spec: {
      containers: [newContainer(making, container)],
      nodeName,
      restartPolicy: 'Never',
      tolerations: [{ operator: 'Exists' }],
    },
  };
  return { pod: withCustom(withProfile(pod, container, 'node', flags), container, 'containers', flags), container };
}

/** A copy of a Pod, with other images, another command, or one more container. Throws CommandError. */
export function debugCopy(original: DebugPod, making: Making): Made {
  const { flags, images, command } = making;
  const { namespace, labels, annotations } = original.metadata ?? {};
  const { ephemeralContainers: _running, nodeName, ...spec } = original.spec;
  const plain: DebugPod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: flags.string('copy-to'), ...defined({ namespace, labels, annotations }) },
    spec: {
      ...spec,
      ...(flags.bool('same-node') ? defined({ nodeName }) : {}),
      ...(flags.given('share-processes') ? { shareProcessNamespace: flags.bool('share-processes') } : {}),
      containers: spec.containers.map((each) => ({ ...each, ...defined({ image: images[each.name] ?? images['*'] }) })),
    } as DebugPod['spec'], // as the original's
  };
  const image = flags.string('image');
  const known = containersOf(plain).some(({ name }) => name === flags.string('container'));
  if (!known && image === '') {
    if (Object.keys(images).length > 0) return { pod: plain, container: '' };
    throw new CommandError('you must specify image when creating new container');
  }
  const name = known ? flags.string('container') : newName(making, plain);
  const whole = known ? plain : withSpec(plain, { containers: [...plain.spec.containers, { name, terminationMessagePolicy: 'File' }] });
  const env = environment(making);
  const policy = flags.string('image-pull-policy');
  const changed = withContainer(whole, name, (container) => ({
    ...container,
    ...(command.length > 0 && !flags.bool('arguments-only') ? { args: undefined } : {}),
    ...words(making),
    ...(env.length === 0 ? {} : { env }),
    ...(image === '' ? {} : { image }),
    ...(policy === '' ? {} : { imagePullPolicy: policy }),
    ...{ stdin: flags.bool('stdin'), tty: flags.bool('tty') },
  }));
  return { pod: withCustom(withProfile(changed, name, 'copy', flags), name, 'containers', flags), container: name };
}

/** Without what is undefined. */
const defined = (fields: JsonObject): JsonObject => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
