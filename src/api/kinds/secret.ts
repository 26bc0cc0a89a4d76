/** Confidential data for Pods. https://kubernetes.io/docs/concepts/configuration/secret/ */
import type { Secret } from '../generated/core/v1.ts';
import { defineKind } from '../kind.ts';
import { ageColumn, nameColumn } from './columns.ts';

const model = 'io.k8s.api.core.v1.Secret';

export const secret = defineKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  singular: 'secret',
  scope: 'Namespaced',
  schema: model,
  validate: () => [],
  selectableFieldLabels: ['metadata.name', 'metadata.namespace', 'type'],
  selectableFields: ({ type }) => ({ type }),
  columns: [
    nameColumn,
    { name: 'Type', type: 'string', descriptionOf: [model, 'type'], value: ({ type }) => type },
    { name: 'Data', type: 'string', descriptionOf: [model, 'data'], value: ({ data }) => Object.keys(data ?? {}).length },
    ageColumn,
  ],
});
