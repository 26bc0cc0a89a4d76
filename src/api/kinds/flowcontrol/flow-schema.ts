/** Which requests are one flow, and at what priority. https://kubernetes.io/docs/concepts/cluster-administration/flow-control/ */
import type { FlowSchema } from '../../generated/flowcontrol/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldFlowSchemas } from '../../legacy/same-shape.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { conditionErrors, flowSchemaErrors } from './validation/flow-schema.ts';

const spec = 'io.k8s.api.flowcontrol.v1.FlowSchemaSpec';

export const flowSchema = defineKind<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  scope: 'Cluster',
  codec: {
    schema: 'io.k8s.api.flowcontrol.v1.FlowSchema',
    alsoServed: oldFlowSchemas,
    defaults: (object) => ({ ...object, spec: { ...object.spec, matchingPrecedence: object.spec.matchingPrecedence || 1000 } }),
  },
  rules: { validate: flowSchemaErrors },
  create: { prepare: (object) => ({ ...object, status: {} }) },
  subresources: {
    status: statusSubresource({
      keeps: ['annotations', 'finalizers', 'labels', 'ownerReferences'],
      validate: (next, _previous, at) => conditionErrors(next.status.conditions, at.field('status', 'conditions')),
    }),
  },
  table: {
    columns: [
      nameColumn,
      {
        name: 'PriorityLevel',
        type: 'string',
        descriptionOf: ['io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationReference', 'name'],
        value: (object) => object.spec.priorityLevelConfiguration.name,
      },
      {
        name: 'MatchingPrecedence',
        type: 'string',
        descriptionOf: [spec, 'matchingPrecedence'],
        value: (object) => object.spec.matchingPrecedence,
      },
      {
        name: 'DistinguisherMethod',
        type: 'string',
        descriptionOf: [spec, 'distinguisherMethod'],
        value: (object) => object.spec.distinguisherMethod?.type ?? '<none>',
      },
      ageColumn,
      {
        name: 'MissingPL',
        type: 'string',
        description: 'references a broken or non-existent PriorityLevelConfiguration',
        value: ({ status }) => status.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
      },
    ],
  },
});
