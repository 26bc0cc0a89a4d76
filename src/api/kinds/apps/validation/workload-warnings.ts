/**
 * Warnings about objects that make Pods. Source: the WarningsOnCreate and WarningsOnUpdate of
 * pkg/registry/{core/replicationcontroller,apps/*}/strategy.go.
 */
import { FieldPath } from '../../../field-error.ts';
import type { PodTemplateSpec } from '../../../generated/core/v1.ts';
import type { ObjectMeta } from '../../../generated/meta/v1.ts';
import { isDns1123Label } from '../../../names.ts';
import { podWarnings } from '../../../pod/validation/pod-warnings.ts';

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

/** Warnings for a workload. An update that leaves the desired state unchanged gets none. */
export function workloadWarnings({ metadata, spec: { template } }: PodMaker, previous: PodMaker | undefined): readonly string[] {
  if (previous !== undefined && previous.metadata.generation === metadata.generation) return [];
  return [
    ...(previous === undefined ? nameWarnings(metadata.name, 'Pod names and hostnames') : []),
    ...(template === undefined ? [] : podWarnings(template.metadata, template.spec, FieldPath.root.field('spec', 'template'))),
  ];
}
