/** Keeps a Pod on every node. https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/ */

import { deepEqual } from '../../deep-equal.ts';
import type { DaemonSet, DaemonSetUpdateStrategy } from '../../generated/apps/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldDaemonSets } from '../../legacy/apps.ts';
import { withMeta } from '../../object-fields.ts';
import { defaultPodTemplate } from '../../pod/defaults/pod-spec.ts';
import { formatLabelSelector, formatLabels } from '../../selector.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, containerColumns, nameColumn } from '../columns.ts';
import { daemonSetErrors, daemonSetStatusErrors } from './validation/daemon-set.ts';
import { selectorUpdateErrors } from './validation/workload.ts';
import { daemonSetWarnings, templateGeneration, templateGenerationAnnotation } from './validation/workload-warnings.ts';

const status = 'io.k8s.api.apps.v1.DaemonSetStatus';

/** Source: pkg/apis/apps/v1/defaults.go (SetDefaults_DaemonSet). */
function defaultStrategy(strategy: DaemonSetUpdateStrategy | undefined): DaemonSetUpdateStrategy {
  const type = strategy?.type || 'RollingUpdate';
  const rolls = type === 'RollingUpdate';
  if (!rolls && strategy?.rollingUpdate === undefined) return { ...strategy, type };
  // Upstream's internal type has zeros where another strategy leaves parameters out.
  const { maxUnavailable = rolls ? 1 : 0, maxSurge = 0 } = strategy?.rollingUpdate ?? {};
  return { type, rollingUpdate: { ...strategy?.rollingUpdate, maxUnavailable, maxSurge } };
}

/** Templates are counted in an annotation; upstream's internal type has a field for it. */
const withTemplateGeneration = (set: DaemonSet, generation: number): DaemonSet =>
  withMeta(set, { annotations: { ...set.metadata.annotations, [templateGenerationAnnotation]: String(generation) } });

function countTemplate(next: DaemonSet, previous: DaemonSet): DaemonSet {
  const before = templateGeneration(previous);
  return withTemplateGeneration(next, deepEqual(next.spec.template, previous.spec.template) ? before : before + 1);
}

const statusPart = statusSubresource<DaemonSet>({ validate: daemonSetStatusErrors });

/** Source: pkg/registry/apps/daemonset/strategy.go. */
export const daemonSet = defineKind<DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  scope: 'Namespaced',
  names: { shortNames: ['ds'], categories: ['all'] },
  codec: {
    schema: 'io.k8s.api.apps.v1.DaemonSet',
    alsoServed: oldDaemonSets,
    defaults: (set) => ({
      ...withTemplateGeneration(set, templateGeneration(set)),
      spec: {
        ...set.spec,
        template: defaultPodTemplate(set.spec.template),
        updateStrategy: defaultStrategy(set.spec.updateStrategy),
        revisionHistoryLimit: set.spec.revisionHistoryLimit ?? 10,
      },
    }),
  },
  rules: { validate: daemonSetErrors, warnings: daemonSetWarnings },
  create: {
    prepare: (set) => ({
      ...withTemplateGeneration(set, Math.max(templateGeneration(set), 1)),
      status: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
    }),
  },
  update: { prepare: countTemplate, validates: 'first', validate: selectorUpdateErrors },
  subresources: {
    status: {
      ...statusPart,
      take: (next: DaemonSet, previous: DaemonSet, now: string) =>
        withTemplateGeneration(statusPart.take(next, previous, now), templateGeneration(previous)),
    },
  },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Desired',
        type: 'integer',
        descriptionOf: [status, 'desiredNumberScheduled'],
        value: (set) => set.status.desiredNumberScheduled,
      },
      {
        name: 'Current',
        type: 'integer',
        descriptionOf: [status, 'currentNumberScheduled'],
        value: (set) => set.status.currentNumberScheduled,
      },
      { name: 'Ready', type: 'integer', descriptionOf: [status, 'numberReady'], value: (set) => set.status.numberReady },
      {
        name: 'Up-to-date',
        type: 'integer',
        descriptionOf: [status, 'updatedNumberScheduled'],
        value: (set) => set.status.updatedNumberScheduled ?? 0,
      },
      {
        name: 'Available',
        type: 'integer',
        descriptionOf: [status, 'numberAvailable'],
        value: (set) => set.status.numberAvailable ?? 0,
      },
      {
        name: 'Node Selector',
        type: 'string',
        descriptionOf: ['io.k8s.api.core.v1.PodSpec', 'nodeSelector'],
        value: (set) => formatLabels(set.spec.template.spec.nodeSelector),
      },
      ageColumn,
      ...containerColumns<DaemonSet>((set) => set.spec.template.spec.containers),
      {
        name: 'Selector',
        type: 'string',
        priority: 1,
        descriptionOf: ['io.k8s.api.apps.v1.DaemonSetSpec', 'selector'],
        value: (set) => formatLabelSelector(set.spec.selector),
      },
    ],
  },
});
