/**
 * Objects that every namespace has: the default ServiceAccount and the root certificate. Source:
 * pkg/controller/serviceaccount, certificates/rootcacertpublisher.
 */

import type { Namespace } from '../api/generated/core/v1.ts';
import { configMap } from '../api/kinds/core/config-map.ts';
import { namespace } from '../api/kinds/core/namespace.ts';
import { serviceAccount } from '../api/kinds/core/service-account.ts';
import { type CounterSpec, exponentialBounds, type HistogramSpec } from '../api/meters.ts';
import { sameJson } from '../api/same-json.ts';
import { isAlreadyExists, isNotFound, StatusError } from '../api/status-error.ts';
import { controllerAccount } from '../client/identity.ts';
import { isNamespaceTerminating } from '../client/namespace-terminating.ts';
import { type Controller, defineController, settled, watching } from './controller.ts';

const isLive = (object: Namespace | undefined): object is Namespace =>
  object !== undefined && object.metadata.deletionTimestamp === undefined && object.status.phase !== 'Terminating';

/** Ignores the error when another client created the object first, or the namespace is being deleted. */
function ignoreRace(error: unknown): void {
  if (!isAlreadyExists(error) && !isNotFound(error) && !isNamespaceTerminating(error)) throw error;
}

const defaultAccount = 'default';

/** Maintains a ServiceAccount `default` in every namespace. */
export const serviceAccountController: Controller<Namespace> = defineController<Namespace>({
  name: 'serviceaccount',
  identity: controllerAccount('service-account-controller'),
  eventSource: 'service-account-controller',
  reconciles: namespace,
  watches: [
    watching(serviceAccount, ({ metadata }) =>
      metadata.name === defaultAccount ? [{ namespace: '', name: metadata.namespace ?? '' }] : [],
    ),
  ],
  reconcile: async (ref, { cache, api }) => {
    if (!isLive(cache(namespace).get(ref))) return settled;
    if (cache(serviceAccount).get({ namespace: ref.name, name: defaultAccount }) !== undefined) return settled;
    await api(serviceAccount)
      .create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: defaultAccount, namespace: ref.name } })
      .catch(ignoreRace);
    return settled;
  },
});

// Both have the same words with upstream. Source: pkg/controller/certificates/rootcacertpublisher/metrics.go.
const publicationHelp = 'Number of namespace syncs happened in root ca cert publisher.';
const publications: CounterSpec = { name: 'root_ca_cert_publisher_sync_total', help: publicationHelp };
const publicationSeconds: HistogramSpec = {
  ...{ name: 'root_ca_cert_publisher_sync_duration_seconds', help: publicationHelp },
  bounds: exponentialBounds(0.001, 2, 15),
};

const rootCaName = 'kube-root-ca.crt';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or ' +
  'kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Maintains the ConfigMap `kube-root-ca.crt` with the cluster's root certificate (PEM) in every namespace. */
export function rootCaController(certificateAuthority: string): Controller<Namespace> {
  const data = { 'ca.crt': certificateAuthority };
  const annotations = { 'kubernetes.io/description': description };
  return defineController<Namespace>({
    name: 'root-ca-certificate-publisher',
    identity: controllerAccount('root-ca-cert-publisher'),
    eventSource: 'root-ca-cert-publisher',
    reconciles: namespace,
    watches: [
      watching(configMap, ({ metadata }) => (metadata.name === rootCaName ? [{ namespace: '', name: metadata.namespace ?? '' }] : [])),
    ],
    reconcile: async (ref, { cache, api, clock, meters }) => {
      if (!isLive(cache(namespace).get(ref))) return settled;
      const fromMs = clock.now();
      const present = cache(configMap).get({ namespace: ref.name, name: rootCaName });
      const sync = async (): Promise<void> => {
        if (present === undefined) {
          const metadata = { name: rootCaName, namespace: ref.name, annotations };
          await api(configMap).create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }).catch(ignoreRace);
        } else if (!sameJson(present.data, data) || present.metadata.annotations?.['kubernetes.io/description'] !== description)
          await api(configMap).update({
            ...present,
            metadata: { ...present.metadata, annotations: { ...present.metadata.annotations, ...annotations } },
            data,
          });
      };
      let code = '500';
      try {
        await sync();
        code = '200';
      } catch (error) {
        if (error instanceof StatusError) code = String(error.code);
        throw error;
      } finally {
        meters.count(publications, { code });
        meters.observe(publicationSeconds, (clock.now() - fromMs) / 1000, { code });
      }
      return settled;
    },
  });
}
