/**
 * Warnings about objects that make Pods. Source: the WarningsOnCreate and WarningsOnUpdate of
 * pkg/registry/{core/replicationcontroller,apps/*}/strategy.go.
 */
import { FieldPath } from '../../../field-error.ts';
import type { DaemonSet, StatefulSet } from '../../../generated/apps/v1.ts';
import type { PersistentVolumeClaimSpec, PodTemplateSpec } from '../../../generated/core/v1.ts';
import type { ObjectMeta } from '../../../generated/meta/v1.ts';
import { isDns1123Label } from '../../../names.ts';
import { podWarnings } from '../../../pod/validation/pod-warnings.ts';
import { isWhole, parseQuantity } from '../../../quantity.ts';

interface PodMaker {
  readonly metadata: ObjectMeta;
  readonly spec: { readonly template?: PodTemplateSpec | undefined };
}

/** Warns of a name that is not a DNS label; `use` says what the name is used for. */
export function nameWarnings(name: string | undefined, use: string): readonly string[] {
  const complaints = isDns1123Label(name ?? '');
  return complaints.length === 0
    ? []
    : [
        `metadata.name: this is used in ${use}, which can result in surprising behavior; a DNS label is recommended: [${complaints.join(' ')}]`,
      ];
}

const templatePath = FieldPath.root.field('spec', 'template');

/** Warnings for a workload. An update that leaves the desired state unchanged gets none. */
export function workloadWarnings({ metadata, spec: { template } }: PodMaker, previous: PodMaker | undefined): readonly string[] {
  if (previous !== undefined && previous.metadata.generation === metadata.generation) return [];
  return [
    ...(previous === undefined ? nameWarnings(metadata.name, 'Pod names and hostnames') : []),
    ...(template === undefined ? [] : podWarnings(template.metadata, template.spec, FieldPath.root.field('spec', 'template'))),
  ];
}

export const templateGenerationAnnotation = 'deprecated.daemonset.template.generation';

/** How often the template of a DaemonSet was changed, counted from 1; 0 when that is not known. */
export const templateGeneration = ({ metadata }: DaemonSet): number =>
  Number.parseInt(metadata.annotations?.[templateGenerationAnnotation] ?? '0', 10) || 0;

/** An update that leaves the template unchanged gets none. */
export function daemonSetWarnings(set: DaemonSet, previous: DaemonSet | undefined): readonly string[] {
  if (previous !== undefined && templateGeneration(set) === templateGeneration(previous)) return [];
  const { metadata, spec } = set.spec.template;
  return podWarnings(metadata, spec, templatePath);
}

/** Warns of each amount of storage that is no whole number of bytes. Source: pkg/api/persistentvolumeclaim/util.go. */
function claimWarnings({ resources }: PersistentVolumeClaimSpec, at: FieldPath): readonly string[] {
  return (['requests', 'limits'] as const).flatMap((list) => {
    const amount = resources[list]?.storage ?? '0';
    if (isWhole(parseQuantity(amount))) return [];
    const here = at.field('resources', list).key('storage');
    return [`${here}: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`];
  });
}

export function statefulSetWarnings({ metadata, spec }: StatefulSet, previous: StatefulSet | undefined): readonly string[] {
  const same = previous !== undefined && previous.metadata.generation === metadata.generation;
  const claims = FieldPath.root.field('spec', 'volumeClaimTemplates');
  return [
    ...(same ? [] : podWarnings(spec.template.metadata, spec.template.spec, templatePath)),
    ...(spec.volumeClaimTemplates ?? []).flatMap((claim, i) =>
      // The path of an update is spelled so upstream.
      claimWarnings(claim.spec, previous === undefined ? claims.index(i) : claims.index(i).field('Spec')),
    ),
    ...(spec.revisionHistoryLimit < 0
      ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended']
      : []),
  ];
}
