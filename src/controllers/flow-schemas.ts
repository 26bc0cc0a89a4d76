/**
 * Says of each FlowSchema whether its priority level exists. Source: apiserver pkg/util/flowcontrol/apf_controller.go.
 */
import type { FlowSchema } from '../api/generated/flowcontrol/v1.ts';
import { flowSchema } from '../api/kinds/flowcontrol/flow-schema.ts';
import { priorityLevelConfiguration } from '../api/kinds/flowcontrol/priority-level-configuration.ts';
import { rfc3339 } from '../api/time.ts';
import { systemUser } from '../client/identity.ts';
import { type Controller, defineController, settled, watching } from './controller.ts';

const type = 'Dangling';

function conditionOf(level: string, exists: boolean) {
  const named = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
  return exists
    ? { type, status: 'False', reason: 'Found', message: `${named} and it exists` }
    : { type, status: 'True', reason: 'NotFound', message: `${named} but there is no such object` };
}

/** Maintains the condition. In upstream the API server does this itself. */
export const flowSchemaController: Controller<FlowSchema> = defineController<FlowSchema>({
  name: 'flow-schema',
  identity: systemUser('system:apiserver', 'system:masters'),
  reconciles: flowSchema,
  watches: [
    watching(priorityLevelConfiguration, ({ metadata }, { cache }) =>
      cache(flowSchema)
        .list()
        .filter(({ spec }) => spec.priorityLevelConfiguration.name === metadata.name)
        .map((schema) => ({ namespace: '', name: schema.metadata.name })),
    ),
  ],
  reconcile: async (ref, { cache, api, clock }) => {
    const schema = cache(flowSchema).get(ref);
    if (schema === undefined) return settled;
    const level = schema.spec.priorityLevelConfiguration.name;
    const wanted = conditionOf(level, cache(priorityLevelConfiguration).get({ namespace: '', name: level }) !== undefined);
    const conditions = schema.status.conditions ?? [];
    const current = conditions.find((condition) => condition.type === type);
    if (current?.status === wanted.status && current.message === wanted.message) return settled;
    const next = [...conditions.filter((condition) => condition.type !== type), { ...wanted, lastTransitionTime: rfc3339(clock.now()) }];
    await api(flowSchema).updateStatus({ ...schema, status: { ...schema.status, conditions: next } });
    return settled;
  },
});
