/** Virtual resources in versions that Kubernetes no longer serves: they do the same, with a warning. */
import { apiVersionOf, defineKind } from '../../../api/kind.ts';
import { oldReviews } from '../../../api/legacy/reviews.ts';
import type { VirtualResource } from './virtual-resource.ts';

/** The resources that had other versions, in those. */
export const oldVirtualVersions = (resources: readonly VirtualResource[]): readonly VirtualResource[] => resources.flatMap(oldVersionsOf);

function oldVersionsOf({ kind, verbs, create }: VirtualResource): readonly VirtualResource[] {
  const old = oldReviews[kind.kind];
  if (old === undefined || create === undefined) return [];
  const { version, schema, deprecation, toStored, fromStored } = old;
  const apiVersion = apiVersionOf(kind.group, version);
  return [
    {
      kind: defineKind({ ...kind, version, codec: { schema } }),
      verbs,
      create: async (exchange, order) => {
        if (deprecation !== undefined) exchange.deprecate(deprecation);
        const object = { ...toStored(order.object), apiVersion: kind.apiVersion };
        const admit: typeof order.admit = (review) => order.admit({ ...fromStored(review), apiVersion });
        return { ...fromStored(await create(exchange, { ...order, object, admit })), apiVersion };
      },
    },
  ];
}
