/**
 * Scale: what the scale sub-resources show. It is never stored. Source: pkg/printers/internalversion/printers.go
 * (printScale).
 */
import type { Scale } from '../../generated/autoscaling/v1.ts';
import { defineKind } from '../../kind.ts';
import { ageColumn, nameColumn } from '../columns.ts';

export const scaleKind = defineKind<Scale>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  plural: 'scales',
  names: {},
  scope: 'Namespaced',
  codec: { schema: 'io.k8s.api.autoscaling.v1.Scale' },
  table: {
    columns: [
      { ...nameColumn, format: '' },
      {
        name: 'Desired',
        type: 'integer',
        descriptionOf: ['io.k8s.api.autoscaling.v1.ScaleSpec', 'replicas'],
        value: ({ spec }) => spec?.replicas ?? 0,
      },
      {
        name: 'Available',
        type: 'integer',
        descriptionOf: ['io.k8s.api.autoscaling.v1.ScaleStatus', 'replicas'],
        value: ({ status }) => status?.replicas ?? 0,
      },
      ageColumn,
    ],
  },
});
