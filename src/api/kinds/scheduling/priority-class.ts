/** How important Pods are to the scheduler. https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ */
import type { PriorityClass } from '../../generated/scheduling/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldPriorityClasses } from '../../legacy/same-shape.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { systemPriorityClasses } from './system-priority-classes.ts';
import { priorityClassErrors, priorityClassUpdateErrors } from './validation/priority-class.ts';

const model = 'io.k8s.api.scheduling.v1.PriorityClass';

export const priorityClass = defineKind<PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  scope: 'Cluster',
  names: { shortNames: ['pc'] },
  codec: {
    schema: model,
    alsoServed: oldPriorityClasses,
    defaults: (object) => ({ ...object, preemptionPolicy: object.preemptionPolicy ?? 'PreemptLowerPriority' }),
  },
  rules: { generation: 'constant', validate: priorityClassErrors },
  update: { validates: 'alone', validate: priorityClassUpdateErrors },
  delete: {
    refusal: (name) =>
      systemPriorityClasses.some((known) => known.name === name) ? 'this is a system priority class and cannot be deleted' : undefined,
  },
  table: {
    columns: [
      nameColumn,
      { name: 'Value', type: 'integer', descriptionOf: [model, 'value'], value: ({ value }) => value },
      {
        name: 'Global-Default',
        type: 'boolean',
        descriptionOf: [model, 'globalDefault'],
        value: ({ globalDefault }) => globalDefault ?? false,
      },
      ageColumn,
      {
        name: 'PreemptionPolicy',
        type: 'string',
        descriptionOf: [model, 'preemptionPolicy'],
        value: ({ preemptionPolicy }) => preemptionPolicy,
      },
    ],
  },
});
