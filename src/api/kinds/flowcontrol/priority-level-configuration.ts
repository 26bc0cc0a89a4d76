/** How many requests of a priority may run at once. https://kubernetes.io/docs/concepts/cluster-administration/flow-control/ */
import type { PriorityLevelConfiguration, PriorityLevelConfigurationSpec, QueuingConfiguration } from '../../generated/flowcontrol/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldPriorityLevels } from '../../legacy/flow-control.ts';
import { statusSubresource } from '../../subresource.ts';
import type { Column } from '../../table.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { conditionErrors } from './validation/flow-schema.ts';
import { priorityLevelErrors } from './validation/priority-level-configuration.ts';

const model = (name: string): string => `io.k8s.api.flowcontrol.v1.${name}`;

const queuing = (given: QueuingConfiguration): QueuingConfiguration => ({
  ...given,
  queues: given.queues || 64,
  handSize: given.handSize || 8,
  queueLengthLimit: given.queueLengthLimit || 50,
});

/** Source: pkg/apis/flowcontrol/v1/defaults.go. */
function withDefaults(spec: PriorityLevelConfigurationSpec): PriorityLevelConfigurationSpec {
  const { limited, exempt } = spec;
  const response = limited?.limitResponse;
  return {
    ...spec,
    ...(exempt === undefined
      ? {}
      : {
          exempt: {
            ...exempt,
            nominalConcurrencyShares: exempt.nominalConcurrencyShares ?? 0,
            lendablePercent: exempt.lendablePercent ?? 0,
          },
        }),
    ...(limited === undefined || response === undefined
      ? {}
      : {
          limited: {
            ...limited,
            nominalConcurrencyShares: limited.nominalConcurrencyShares ?? 30,
            lendablePercent: limited.lendablePercent ?? 0,
            limitResponse: { ...response, ...(response.queuing === undefined ? {} : { queuing: queuing(response.queuing) }) },
          },
        }),
  };
}

const ofQueues = (name: string, field: keyof QueuingConfiguration): Column<PriorityLevelConfiguration> => ({
  name,
  type: 'string',
  descriptionOf: [model('QueuingConfiguration'), field],
  value: ({ spec }) => spec.limited?.limitResponse.queuing?.[field] ?? '<none>',
});

export const priorityLevelConfiguration = defineKind<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  scope: 'Cluster',
  codec: {
    schema: model('PriorityLevelConfiguration'),
    alsoServed: oldPriorityLevels,
    defaults: (object) => ({ ...object, spec: withDefaults(object.spec) }),
  },
  rules: { validate: priorityLevelErrors },
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
      { name: 'Type', type: 'string', descriptionOf: [model('PriorityLevelConfigurationSpec'), 'type'], value: ({ spec }) => spec.type },
      {
        name: 'NominalConcurrencyShares',
        type: 'string',
        descriptionOf: [model('LimitedPriorityLevelConfiguration'), 'nominalConcurrencyShares'],
        value: ({ spec }) => spec.limited?.nominalConcurrencyShares ?? '<none>',
      },
      ofQueues('Queues', 'queues'),
      ofQueues('HandSize', 'handSize'),
      ofQueues('QueueLengthLimit', 'queueLengthLimit'),
      ageColumn,
    ],
  },
});
