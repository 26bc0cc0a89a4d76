/**
 * Registers what this server serves as local APIServices: built-in groups when it starts, those of custom resources as
 * they come and go. Source: kube-aggregator pkg/controllers/autoregister; pkg/controlplane/controller/crdregistration.
 */
import type { APIService } from '../../api/generated/apiregistration/v1.ts';
import { isBuiltInGroup, priorityOf } from '../../api/group-priorities.ts';
import { servedKinds } from '../../api/kind.ts';
import { apiService } from '../../api/kinds/apiregistration/api-service.ts';
import { namespace } from '../../api/kinds/core/namespace.ts';
import { hasOldVersions } from '../../api/legacy/old-version.ts';
import type { ObjectRef, Received } from '../../api/object.ts';
import { isAlreadyExists, isNotFound } from '../../api/status-error.ts';
import { systemUser } from '../../client/identity.ts';
import type { KindCatalog } from '../../client/kind-catalog.ts';
import { type Controller, type ControllerContext, defineController, settled, watching } from '../controller.ts';

/** Says who keeps an APIService: `onstart` or `true` mean this controller. */
const managedLabel = 'kube-aggregator.kubernetes.io/automanaged';
/** Versions of groups whose resources are computed and are not in the catalog. */
const computed = ['v1.authentication.k8s.io', 'v1.authorization.k8s.io', 'v1beta1.metrics.k8s.io'];
const computedOld = ['v1beta1.authentication.k8s.io', 'v1beta1.authorization.k8s.io'];
/** The group that an add-on may take from this server, and leave again. */
const shared = 'metrics.k8s.io';
/** The group that no APIService registers, since it is what registers. */
const own = 'apiregistration.k8s.io';

const split = (name: string): readonly [version: string, group: string] => {
  const dot = name.indexOf('.');
  return [name.slice(0, dot), name.slice(dot + 1)];
};

/** Whether the APIService of a group is made again when somebody deletes it. */
const comesBack = (group: string): boolean => group === shared || !isBuiltInGroup(group);

function localNames(catalog: KindCatalog): ReadonlySet<string> {
  // Old versions are served all or none.
  const names = new Set(hasOldVersions(catalog.all) ? [...computed, ...computedOld] : computed);
  for (const kind of catalog.all.flatMap(servedKinds)) {
    if (kind.group !== own) names.add(`${kind.version}.${kind.group}`);
    for (const { group = kind.group, version } of kind.codec.alsoServed ?? []) if (group !== own) names.add(`${version}.${group}`);
  }
  return names;
}

function registration(name: string): Received<APIService> {
  const [version, group] = split(name);
  const priority = priorityOf(group, version);
  return {
    apiVersion: apiService.apiVersion,
    kind: apiService.kind,
    metadata: { name, labels: { [managedLabel]: comesBack(group) ? 'true' : 'onstart' } },
    spec: { group, version, groupPriorityMinimum: priority.group, versionPriority: priority.version },
  };
}

/** What is served, and what is registered, which may be served no longer. */
const everything = (catalog: KindCatalog, { cache }: ControllerContext): readonly ObjectRef[] => {
  const registered = cache(apiService)
    .list()
    .map(({ metadata }) => metadata.name);
  return [...new Set([...localNames(catalog), ...registered])].map((name) => ({ namespace: '', name }));
};

/** Makes the controller. */
export function apiServiceRegistration(catalog: KindCatalog): Controller<APIService> {
  /** Those that were looked at since the start: built-in ones that somebody deletes stay away until the next start. */
  const begun = new Set<string>();
  return defineController<APIService>({
    name: 'api-service-registration',
    identity: systemUser('system:apiserver', 'system:masters'),
    reconciles: apiService,
    // This namespace is in every cluster from its start: its arrival begins the first round.
    watches: [watching(namespace, ({ metadata }, context) => (metadata.name === 'kube-system' ? everything(catalog, context) : []))],
    watchesAllKinds: {
      catalog,
      wants: () => false,
      refs: () => [],
      refsWhenKindsChange: (context) => everything(catalog, context),
    },
    reconcile: async ({ name }, { cache, api }) => {
      const existing = cache(apiService).get({ namespace: '', name });
      const isLocal = localNames(catalog).has(name);
      const keeper = existing?.metadata.labels?.[managedLabel];
      const first = !begun.has(name);
      begun.add(name);
      if (existing === undefined && isLocal && (first || comesBack(split(name)[1]))) {
        await api(apiService)
          .create(registration(name))
          .catch((error: unknown) => {
            if (!isAlreadyExists(error)) throw error;
          });
      } else if (existing !== undefined && !isLocal && (keeper === 'true' || (keeper === 'onstart' && first))) {
        await api(apiService)
          .delete({ namespace: '', name }, { preconditions: { uid: existing.metadata.uid } })
          .catch((error: unknown) => {
            if (!isNotFound(error)) throw error;
          });
      }
      return settled;
    },
  });
}
