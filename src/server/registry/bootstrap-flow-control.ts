/**
 * The flow schemas and priority levels of API Priority and Fairness. The mandatory ones always exist; the suggested
 * ones are made once. Source: pkg/registry/flowcontrol/rest/storage_flowcontrol.go, pkg/registry/flowcontrol/ensurer.
 */
import type { JsonObject } from '../../api/json.ts';
import {
  autoUpdateAnnotation,
  mandatoryFlowSchemas,
  mandatoryPriorityLevels,
  suggestedFlowSchemas,
  suggestedPriorityLevels,
} from '../../api/kinds/flowcontrol/bootstrap-objects.ts';
import { type BootstrapObject, type BootstrapOptions, ensureObject, keepObject } from './bootstrap.ts';
import type { Registry, RequestContext } from './registry.ts';

const objects = (kind: string, specs: Readonly<Record<string, unknown>>): readonly BootstrapObject[] =>
  Object.entries(specs).map(([name, spec]) => ({
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind,
    metadata: { name, annotations: { [autoUpdateAnnotation]: 'true' } },
    // The specs are constants that hold nothing but JSON.
    spec: spec as JsonObject,
  }));

/** Makes what is missing, and restores the mandatory objects when they are deleted. */
export async function bootstrapFlowControl(
  registry: Registry,
  context: RequestContext,
  options: Pick<BootstrapOptions, 'signal' | 'setTimer'>,
): Promise<void> {
  const mandatory = [...objects('PriorityLevelConfiguration', mandatoryPriorityLevels), ...objects('FlowSchema', mandatoryFlowSchemas)];
  const suggested = [...objects('PriorityLevelConfiguration', suggestedPriorityLevels), ...objects('FlowSchema', suggestedFlowSchemas)];
  await Promise.all([...mandatory, ...suggested].map((object) => ensureObject(registry, context, object, 'as it is')));
  for (const object of mandatory) keepObject(registry, context, object, options);
}
