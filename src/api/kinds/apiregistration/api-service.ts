/**
 * A version of an API group, and who serves it: this server, or a Service in the cluster.
 * https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/
 */
import type { APIService, APIServiceCondition } from '../../generated/apiregistration/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldApiServices } from '../../legacy/same-shape.ts';
import { nameIsPathSegment } from '../../names.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { apiServiceErrors, apiServiceNameProblems, apiServiceStatusErrors, apiServiceUpdateErrors } from './validation/api-service.ts';

/** The condition of what this server serves itself. Source: kube-aggregator pkg/apis/apiregistration/helpers.go. */
const local = (time: string): APIServiceCondition => ({
  type: 'Available',
  status: 'True',
  lastTransitionTime: time,
  reason: 'Local',
  message: 'Local APIServices are always available',
});

/** The condition that says whether an API service answers; undefined when nobody has looked yet. */
export const availability = ({ status }: APIService): APIServiceCondition | undefined =>
  status.conditions?.find(({ type }) => type === 'Available');

function availabilityText(service: APIService): string {
  const condition = availability(service);
  if (condition === undefined) return 'Unknown';
  const { status, reason = '' } = condition;
  return status === 'True' || reason === '' ? status : `${status} (${reason})`;
}

export const apiService = defineKind<APIService>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  scope: 'Cluster',
  names: { categories: ['api-extensions'], etcdFolder: 'apiregistration.k8s.io/apiservices' },
  codec: {
    schema: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService',
    alsoServed: oldApiServices,
    defaults: (object) =>
      object.spec.service === undefined
        ? object
        : { ...object, spec: { ...object.spec, service: { ...object.spec.service, port: object.spec.service.port ?? 443 } } },
  },
  storage: { encoding: 'JSON' },
  rules: { looseMetadata: 'finalizers', validateName: nameIsPathSegment, generation: false, validate: apiServiceErrors },
  create: {
    nameProblems: apiServiceNameProblems,
    prepare: (object) => ({
      ...object,
      status: object.spec.service === undefined ? { conditions: [local(object.metadata.creationTimestamp)] } : {},
    }),
  },
  update: { metadata: 'whole', unconditional: false, validate: apiServiceUpdateErrors },
  subresources: { status: statusSubresource<APIService>({ resets: [['metadata']], validate: apiServiceStatusErrors }) },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Service',
        type: 'string',
        description: 'The reference to the service that hosts this API endpoint.',
        value: ({ spec: { service } }) => (service === undefined ? 'Local' : `${service.namespace ?? ''}/${service.name ?? ''}`),
      },
      { name: 'Available', type: 'string', description: 'Whether this service is available.', value: availabilityText },
      ageColumn,
    ],
  },
});
