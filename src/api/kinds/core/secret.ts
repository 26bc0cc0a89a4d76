/** Confidential data for Pods. https://kubernetes.io/docs/concepts/configuration/secret/ */

import { toBase64 } from '../../base64.ts';
import type { Secret } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { secretErrors, secretUpdateErrors } from './validation/config.ts';
import { keyPairWarnings } from './validation/key-pair.ts';

const model = 'io.k8s.api.core.v1.Secret';

export const secret = defineKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  scope: 'Namespaced',
  codec: {
    schema: model,
    defaults: (object) => {
      const { stringData, ...rest } = object;
      const data = { ...object.data, ...Object.fromEntries(Object.entries(stringData ?? {}).map(([key, text]) => [key, toBase64(text)])) };
      return { ...rest, ...(Object.keys(data).length === 0 ? {} : { data }), type: object.type || 'Opaque' };
    },
  },
  rules: { validate: secretErrors, warnings: keyPairWarnings },
  update: { metadata: 'whole', validates: 'first', validate: secretUpdateErrors },
  select: { type: ({ type }) => type },
  table: {
    columns: [
      nameColumn,
      { name: 'Type', type: 'string', descriptionOf: [model, 'type'], value: ({ type }) => type },
      { name: 'Data', type: 'string', descriptionOf: [model, 'data'], value: ({ data }) => Object.keys(data ?? {}).length },
      ageColumn,
    ],
  },
});
