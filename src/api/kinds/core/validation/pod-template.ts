/** Warnings about PodTemplates. Source: pkg/registry/core/podtemplate/strategy.go. */
import { FieldPath } from '../../../field-error.ts';
import type { PodTemplate } from '../../../generated/core/v1.ts';
import { podWarnings } from '../../../pod/validation/pod-warnings.ts';

/** Warnings for the template. An update that leaves the template unchanged gets none. */
export function templateWarnings({ metadata, template }: PodTemplate, previous: PodTemplate | undefined): readonly string[] {
  if (previous !== undefined && previous.metadata.generation === metadata.generation) return [];
  return podWarnings(template.metadata, template.spec, FieldPath.root.field('template'));
}
