/** A way to run the containers of Pods. https://kubernetes.io/docs/concepts/containers/runtime-class/ */
import type { RuntimeClass } from '../../generated/node/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldRuntimeClasses } from '../../legacy/same-shape.ts';
import { deprecatedNodeLabels } from '../../node-labels.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { runtimeClassErrors, runtimeClassUpdateErrors } from './validation/runtime-class.ts';

export const runtimeClass = defineKind<RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  scope: 'Cluster',
  codec: { schema: 'io.k8s.api.node.v1.RuntimeClass', alsoServed: oldRuntimeClasses },
  rules: {
    looseMetadata: 'finalizers',
    validate: runtimeClassErrors,
    warnings: ({ scheduling }) =>
      Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
        const message = deprecatedNodeLabels.get(key);
        return message === undefined ? [] : [`scheduling.nodeSelector: ${message}`];
      }),
  },
  update: { metadata: 'whole', createsAbsent: true, unconditional: false, validate: runtimeClassUpdateErrors },
  table: { columns: [nameColumn, { name: 'Handler', type: 'string', description: '', value: ({ handler }) => handler }, ageColumn] },
});
