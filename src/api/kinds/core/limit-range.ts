/** Bounds and defaults for what Pods, containers and claims of a namespace ask for. Enforced by an admission plugin. */

import type { LimitRange, LimitRangeItem } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { withMeta } from '../../object-fields.ts';
import { defaultResourceList, type ResourceList } from '../../pod/defaults/container.ts';
import { limitRangeErrors } from './validation/limit-range.ts';

const lists = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

function roundedItem(item: LimitRangeItem): LimitRangeItem {
  const given = lists.flatMap((name) => (item[name] === undefined ? [] : [[name, defaultResourceList(item[name])] as const]));
  return { ...item, ...Object.fromEntries(given) };
}

const unlessEmpty = (name: 'default' | 'defaultRequest', list: ResourceList): Partial<LimitRangeItem> =>
  Object.keys(list).length === 0 ? {} : { [name]: list };

/** Source: pkg/apis/core/v1/defaults.go (SetDefaults_LimitRangeItem). */
function defaultItem(received: LimitRangeItem): LimitRangeItem {
  const item = roundedItem(received);
  if (item.type !== 'Container') return item;
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  return { ...item, ...unlessEmpty('default', limits), ...unlessEmpty('defaultRequest', requests) };
}

/** Source: pkg/registry/core/limitrange/strategy.go. */
export const limitRange = defineKind<LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  scope: 'Namespaced',
  names: { shortNames: ['limits'] },
  codec: {
    schema: 'io.k8s.api.core.v1.LimitRange',
    // The decoder writes null for a list that a client left out.
    defaults: (object) => ({ ...object, spec: { ...object.spec, limits: object.spec.limits?.map(defaultItem) ?? object.spec.limits } }),
  },
  rules: { validate: limitRangeErrors },
  create: {
    // One without a name gets a unique one.
    prepare: (object) => ((object.metadata.name ?? '') === '' ? withMeta(object, { name: object.metadata.uid }) : object),
  },
  update: { createsAbsent: true },
});
