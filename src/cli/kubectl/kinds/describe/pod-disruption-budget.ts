/** Source: kubectl pkg/describe/describe.go (describePodDisruptionBudgetV1). */
import type { PodDisruptionBudget } from '../../../../api/generated/policy/v1.ts';
import { formatLabelSelector } from '../../../../api/selector.ts';
import { Description } from '../../output/description.ts';
import type { Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';

export const describePodDisruptionBudget: Describer = async (object, context) => {
  const { metadata, spec, status } = object as unknown as PodDisruptionBudget; // the API's answer for this resource
  const to = new Description();
  to.line(0, 'Name:', metadata.name);
  to.line(0, 'Namespace:', metadata.namespace ?? '');
  if (spec.minAvailable !== undefined) to.line(0, 'Min available:', spec.minAvailable);
  else if (spec.maxUnavailable !== undefined) to.line(0, 'Max unavailable:', spec.maxUnavailable);
  to.line(0, 'Selector:', spec.selector === undefined ? '<unset>' : formatLabelSelector(spec.selector));
  to.write(0, 'Status:\n');
  to.line(2, 'Allowed disruptions:', status.disruptionsAllowed);
  to.line(2, 'Current:', status.currentHealthy);
  to.line(2, 'Desired:', status.desiredHealthy);
  to.line(2, 'Total:', status.expectedPods);
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
