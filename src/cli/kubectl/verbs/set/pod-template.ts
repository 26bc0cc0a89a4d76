/**
 * Changes pod templates of workloads; the common part of all `kubectl set` commands. Source: kubectl
 * pkg/cmd/set/helper.go; pkg/polymorphichelpers/updatepodspec.go.
 */
import type { JsonObject } from '../../../../api/json.ts';
import { createTwoWayMergePatch } from '../../../../api/patch/strategic-merge-patch.ts';
import { StatusError } from '../../../../api/status-error.ts';
import { CommandError } from '../../command/command.ts';
import type { FlagSpec } from '../../command/flags.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { traitsOf } from '../../kinds/kinds.ts';
import { changeAt } from '../../kinds/pod-spec.ts';
import { unregistered } from '../../kinds/registered.ts';
import { resourceName } from '../../resources/discovery.ts';
import { collectInfos, type Info, nothingNamed, throwAll } from '../../resources/infos.ts';
import { goType } from '../../streams/pods.ts';
import { StrategicKinds } from '../../writing/strategic.ts';
import { filenameFlags, recordFlag, selectorFlag, writeFlags } from '../../writing/write-flags.ts';
import { patchTypes, Writer } from '../../writing/writing.ts';

export interface SetContainer extends JsonObject {
  readonly name: string;
  readonly env?: readonly (JsonObject & { readonly name: string })[];
}

export interface SetPodSpec extends JsonObject {
  readonly containers: readonly SetContainer[];
  readonly initContainers?: readonly SetContainer[];
}

/**
 * Returns the changed pod spec; throws CommandError when there is nothing to do. Problems that do not prevent the other
 * changes are added to `problems`.
 */
export type PodSpecChange = (spec: SetPodSpec, info: Info, problems: CommandError[]) => SetPodSpec;

/** The flag that selects containers of the templates. */
export const containersFlag: FlagSpec = {
  name: 'containers',
  short: 'c',
  type: 'string',
  fallback: '*',
  help: 'The names of containers in the selected pod templates to change, may use wildcards',
};

export const setFlags: readonly FlagSpec[] = [
  ...filenameFlags,
  ...writeFlags('kubectl-set'),
  recordFlag,
  selectorFlag,
  { name: 'all', type: 'bool', help: 'Select all resources, in the namespace of the specified resource types' },
  { name: 'local', type: 'bool', help: 'If true, the command will NOT contact api-server but run locally.' },
];

/** `*`, a name, or a name with stars. */
export const nameMatches = (name: string, pattern: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(name);

/** Changes the containers and init containers whose names match a pattern. */
export function mapContainers(spec: SetPodSpec, pattern: string, change: (container: SetContainer) => SetContainer): SetPodSpec {
  const map = (list: readonly SetContainer[]): readonly SetContainer[] => list.map((c) => (nameMatches(c.name, pattern) ? change(c) : c));
  return {
    ...spec,
    containers: map(spec.containers),
    ...(spec.initContainers === undefined ? {} : { initContainers: map(spec.initContainers) }),
  };
}

export const containersOf = (spec: SetPodSpec, pattern: string): readonly SetContainer[] =>
  [...spec.containers, ...(spec.initContainers ?? [])].filter((c) => nameMatches(c.name, pattern));

export interface SetOperation {
  /** `image`, `env`, `resource requirements`: what was updated, for the message. */
  readonly what: string;
  /** The words in the error text `failed to patch <failure> …`. */
  readonly failure: string;
  readonly change: PodSpecChange;
  /** The patch is sent, and the message printed, even when nothing changes. */
  readonly always?: boolean;
}

/**
 * What is said of an object that cannot be changed so. Upstream ends the line itself, so that an empty one comes after
 * each of several, and the name of an object that it has only read from a file fills a line. Source: cli-runtime
 * pkg/resource/visitor.go (ObjectName).
 */
export function unchangeable({ resource, name }: Info, local: boolean, why: string): CommandError {
  const shown = local ? `${resourceName(resource)}/${name}\n` : `${resource.plural}/${name}`;
  return new CommandError(`error: ${shown} ${why}\n`);
}

/** Applies a change to every object that the arguments name, and prints those that changed. */
export async function changePodSpecs(session: Session, resources: readonly string[], operation: SetOperation): Promise<number> {
  const { flags } = session;
  const writer = new Writer(session, 'kubectl-set');
  const kinds = new StrategicKinds();
  const local = flags.bool('local') || writer.dryRun === 'client';
  const errors: Error[] = [];
  const problems: CommandError[] = [];
  if (resources.length === 0 && flags.list('filename').length === 0) throw new CommandError(nothingNamed);
  for (const info of await collectInfos(session, resources, { latest: !flags.bool('local'), refuse: unregistered })) {
    const { resource } = info;
    const target = kinds.target(resource);
    const path = traitsOf(resource)?.podSpecPath;
    if (path === undefined || target === undefined) {
      const why = `the object is not a pod or does not have a pod template: ${goType(resource)}`;
      errors.push(unchangeable(info, flags.bool('local'), why));
      continue;
    }
    try {
      const changed = writer.recorded(
        changeAt(info.object, path, (spec) => operation.change(spec as SetPodSpec, info, problems)),
        'set',
      );
      const patch = createTwoWayMergePatch(info.object, changed, target);
      errors.push(...problems.splice(0));
      if (Object.keys(patch).length === 0 && operation.always !== true) continue;
      const object: ApiObject = local ? changed : await writer.patch(info, { type: patchTypes.strategic, patch });
      writer.print(`${operation.what} updated`, info, object);
    } catch (error) {
      if (error instanceof StatusError) errors.push(new CommandError(`failed to patch ${operation.failure} ${error.message}`));
      else if (error instanceof CommandError) errors.push(error);
      else throw error;
    }
  }
  throwAll(session, errors);
  return 0;
}
