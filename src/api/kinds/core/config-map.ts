/** Configuration data for Pods. https://kubernetes.io/docs/concepts/configuration/configmap/ */
import type { ConfigMap } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { configMapErrors, configMapUpdateErrors } from './validation/config.ts';

export const configMap = defineKind<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  scope: 'Namespaced',
  names: { shortNames: ['cm'] },
  codec: { schema: 'io.k8s.api.core.v1.ConfigMap' },
  rules: { validate: configMapErrors },
  update: { metadata: 'whole', validate: configMapUpdateErrors },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Data',
        type: 'string',
        descriptionOf: ['io.k8s.api.core.v1.ConfigMap', 'data'],
        value: ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
      },
      ageColumn,
    ],
  },
});
