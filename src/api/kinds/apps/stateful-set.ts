/**
 * Keeps Pods that each have a name and storage of their own.
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
 */

import type { StatefulSet, StatefulSetUpdateStrategy } from '../../generated/apps/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldStatefulSets } from '../../legacy/apps.ts';
import { withOldScale } from '../../legacy/scale.ts';
import { nameIsDnsLabel } from '../../names.ts';
import { defaultPodTemplate } from '../../pod/defaults/pod-spec.ts';
import { defaultClaimTemplate } from '../../pod/defaults/volume-claim.ts';
import { scaleSubresource } from '../../scale-subresource.ts';
import { fromLabelSelector } from '../../selector.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, containerColumns, nameColumn } from '../columns.ts';
import { statefulSetCreateErrors, statefulSetStatusErrors, statefulSetUpdateErrors } from './validation/stateful-set.ts';
import { statefulSetWarnings } from './validation/workload-warnings.ts';

/**
 * The parameters of a rolling update are filled in only when no strategy or some parameters are given.
 * `maxUnavailable` is dropped: the gate MaxUnavailableStatefulSet is off. Source: pkg/apis/apps/v1/defaults.go,
 * pkg/registry/apps/statefulset/strategy.go (dropStatefulSetDisabledFields).
 */
function defaultStrategy(strategy: StatefulSetUpdateStrategy | undefined): StatefulSetUpdateStrategy {
  const type = strategy?.type || 'RollingUpdate';
  const given = strategy?.rollingUpdate ?? (strategy?.type ? undefined : {});
  if (given === undefined) return { ...strategy, type };
  const { maxUnavailable: _, ...rollingUpdate } = given;
  return { type, rollingUpdate: type === 'RollingUpdate' ? { ...rollingUpdate, partition: rollingUpdate.partition ?? 0 } : rollingUpdate };
}

function defaultSet(set: StatefulSet): StatefulSet {
  const { spec } = set;
  const { whenDeleted, whenScaled } = spec.persistentVolumeClaimRetentionPolicy ?? {};
  return {
    ...set,
    spec: {
      ...spec,
      template: defaultPodTemplate(spec.template),
      ...(spec.volumeClaimTemplates === undefined ? {} : { volumeClaimTemplates: spec.volumeClaimTemplates.map(defaultClaimTemplate) }),
      podManagementPolicy: spec.podManagementPolicy || 'OrderedReady',
      updateStrategy: defaultStrategy(spec.updateStrategy),
      persistentVolumeClaimRetentionPolicy: { whenDeleted: whenDeleted || 'Retain', whenScaled: whenScaled || 'Retain' },
      replicas: spec.replicas ?? 1,
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
    },
  };
}

const scale = scaleSubresource<StatefulSet>({
  replicas: (set) => set.spec.replicas,
  statusReplicas: (set) => set.status.replicas,
  selector: (set) => fromLabelSelector(set.spec.selector).toString(),
  withReplicas: (set, replicas) => ({ ...set, spec: { ...set.spec, replicas } }),
});

/** Source: pkg/registry/apps/statefulset/strategy.go. */
export const statefulSet = defineKind<StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  scope: 'Namespaced',
  names: { shortNames: ['sts'], categories: ['all'] },
  codec: { schema: 'io.k8s.api.apps.v1.StatefulSet', alsoServed: withOldScale(oldStatefulSets, scale), defaults: defaultSet },
  rules: { validateName: nameIsDnsLabel, warnings: statefulSetWarnings },
  create: { prepare: (set) => ({ ...set, status: { replicas: 0, availableReplicas: 0 } }), validate: statefulSetCreateErrors },
  update: { validate: statefulSetUpdateErrors },
  subresources: {
    status: statusSubresource<StatefulSet>({ validate: statefulSetStatusErrors }),
    scale,
  },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Ready',
        type: 'string',
        description: 'Number of the pod with ready state',
        value: ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas}`,
      },
      ageColumn,
      ...containerColumns<StatefulSet>(({ spec }) => spec.template.spec.containers),
    ],
  },
});
