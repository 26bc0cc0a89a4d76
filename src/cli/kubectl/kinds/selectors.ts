/** How kinds select their pods. Source: kubectl pkg/polymorphichelpers/{helpers,mapbasedselectorforobject}.go. */
import type { JsonObject } from '../../../api/json.ts';
import { formatLabelSelector, formatLabels } from '../../../api/selector.ts';
import { CommandError } from '../command/command.ts';
import type { ApiObject } from '../command/session.ts';

type Labels = Readonly<Record<string, string>>;

interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

interface SpecOf<Selector> {
  readonly selector?: Selector;
  readonly template?: { readonly metadata?: { readonly labels?: Labels } };
}

/**
 * The spec of an object. The caller's row in the table of kinds guarantees that the kind has a selector of this type.
 */
const specOf = <Selector>(object: ApiObject): SpecOf<Selector> => (object.spec ?? {}) as unknown as SpecOf<Selector>;

/** The selector as text, for kinds whose selector is a plain map of labels. */
export const selectorByLabels = (object: ApiObject): string => formatLabels(specOf<Labels>(object).selector ?? {});

export const selectorByExpressions = (object: ApiObject): string => formatLabelSelector(specOf<JsonObject>(object).selector ?? null);

export function selectorOfService(object: ApiObject): string {
  if (Object.keys(specOf<Labels>(object).selector ?? {}).length === 0)
    throw new CommandError(`invalid service '${object.metadata?.name ?? ''}': Service is defined without a selector`);
  return selectorByLabels(object);
}

/** The labels of the object itself; used for pods. */
export function ownLabels(object: ApiObject): Labels {
  const labels = object.metadata?.labels ?? {};
  if (Object.keys(labels).length === 0) throw new CommandError('the pod has no labels and cannot be exposed');
  return labels;
}

/** A label selector requirement as Go prints it with `%+v`. */
const requirementText = ({ key, operator, values = [] }: NonNullable<LabelSelector['matchExpressions']>[number]): string =>
  `{Key:${key} Operator:${operator} Values:[${values.join(' ')}]}`;

function refuseExpressions({ matchExpressions = [] }: LabelSelector): void {
  if (matchExpressions.length > 0)
    throw new CommandError(
      `couldn't convert expressions - "[${matchExpressions.map(requirementText).join(' ')}]" to map-based selector format`,
    );
}

/**
 * Makes a function that returns the labels a Service must select. `name` is what messages call the kind in its current
 * group, `words` what they call it in the former group `extensions`.
 */
function labelsOf(name: string, words: string): (object: ApiObject) => Labels {
  return (object) => {
    const { selector, template } = specOf<LabelSelector>(object);
    const labels = selector?.matchLabels ?? {};
    if (object.apiVersion?.startsWith('extensions/') === true) {
      refuseExpressions(selector ?? {});
      const used = selector === undefined ? (template?.metadata?.labels ?? {}) : labels;
      if (Object.keys(used).length === 0) throw new CommandError(`the ${words} has no labels or selectors and cannot be exposed`);
      return used;
    }
    if (Object.keys(labels).length === 0) throw new CommandError(`invalid ${name}: no selectors, therefore cannot be exposed`);
    refuseExpressions(selector ?? {});
    return labels;
  };
}

/** By kind: the labels of the kind's selector. */
export const labelsOfSelector = {
  map: (object: ApiObject): Labels => specOf<Labels>(object).selector ?? {},
  service: (object: ApiObject): Labels => {
    const { selector = {} } = specOf<Labels>(object);
    if (Object.keys(selector).length === 0) throw new CommandError('the service has no pod selector set');
    return selector;
  },
  deployment: labelsOf('deployment', 'deployment'),
  replicaSet: labelsOf('replicaset', 'replica set'),
};
