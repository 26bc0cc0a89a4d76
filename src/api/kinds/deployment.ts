/** Rolls Pods from one version to the next. https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ */
import type { Deployment } from '../generated/apps/v1.ts';
import { defineKind } from '../kind.ts';
import { formatLabelSelector, fromLabelSelector } from '../selector.ts';
import { ageColumn, containerColumns, nameColumn } from './columns.ts';

const status = 'io.k8s.api.apps.v1.DeploymentStatus';

export const deployment = defineKind<Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  singular: 'deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  scope: 'Namespaced',
  schema: 'io.k8s.api.apps.v1.Deployment',
  subresources: {
    status: true,
    scale: {
      replicas: (object) => object.spec.replicas,
      statusReplicas: (object) => object.status.replicas ?? 0,
      selector: (object) => fromLabelSelector(object.spec.selector).toString(),
      withReplicas: (object, replicas) => ({ ...object, spec: { ...object.spec, replicas } }),
    },
  },
  validate: () => [],
  columns: [
    nameColumn,
    {
      name: 'Ready',
      type: 'string',
      description: 'Number of the pod with ready state',
      value: (object) => `${object.status.readyReplicas ?? 0}/${object.spec.replicas}`,
    },
    {
      name: 'Up-to-date',
      type: 'string',
      descriptionOf: [status, 'updatedReplicas'],
      value: (object) => object.status.updatedReplicas ?? 0,
    },
    {
      name: 'Available',
      type: 'string',
      descriptionOf: [status, 'availableReplicas'],
      value: (object) => object.status.availableReplicas ?? 0,
    },
    ageColumn,
    ...containerColumns<Deployment>((object) => object.spec.template.spec.containers),
    {
      name: 'Selector',
      type: 'string',
      priority: 1,
      descriptionOf: ['io.k8s.api.apps.v1.DeploymentSpec', 'selector'],
      value: (object) => formatLabelSelector(object.spec.selector),
    },
  ],
});
