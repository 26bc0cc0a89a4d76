/**
 * Old versions of workloads. Source: pkg/apis/apps/{v1beta1,v1beta2}, pkg/apis/extensions/v1beta1: defaults.go,
 * conversion.go.
 */
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import type { ServedVersion } from '../kind.ts';
import { createSubresource } from '../subresource.ts';
import { annotated, withoutAnnotation } from './annotations.ts';
import { oldVersion, withSpec } from './old-version.ts';

const ofGroup = 'apps';
const replacement = 'apps/v1';
const extensions = {
  ofGroup,
  group: 'extensions',
  version: 'v1beta1',
  package: 'extensions',
  deprecated: '1.8',
  removed: '1.16',
  replacement,
};
const beta1 = { ofGroup, version: 'v1beta1', package: 'apps', deprecated: '1.8', removed: '1.16', replacement };
const beta2 = { ofGroup, version: 'v1beta2', package: 'apps', deprecated: '1.9', removed: '1.16', replacement };

/** Means the same as no limit. */
const unlimited = 2 ** 31 - 1;

const empty = (value: JsonValue | undefined): boolean => value === undefined || value === null;

/** The labels of the template are those of the object, and its selector, where these are not given. */
function labelledAsTemplate(object: JsonObject): JsonObject {
  const { spec, metadata } = object;
  const template = isObject(spec) && isObject(spec.template) ? spec.template : {};
  const labels = isObject(template.metadata) ? template.metadata.labels : undefined;
  if (!isObject(labels) || !isObject(spec)) return object;
  const own = isObject(metadata) ? metadata : {};
  const bare = !isObject(own.labels) || Object.keys(own.labels).length === 0;
  return {
    ...object,
    ...(bare ? { metadata: { ...own, labels } } : {}),
    ...(empty(spec.selector) ? { spec: { ...spec, selector: { matchLabels: labels } } } : {}),
  };
}

interface DeploymentDefaults {
  readonly unavailable: JsonValue;
  readonly surge: JsonValue;
  readonly history: number;
  readonly deadlineSeconds: number;
}

/** What a Deployment of an old version means by what it leaves out. */
const completedDeployment =
  ({ unavailable, surge, history, deadlineSeconds }: DeploymentDefaults) =>
  (object: JsonObject): JsonObject =>
    withSpec(labelledAsTemplate(withRollbackKept(object)), ({ strategy, ...spec }) => {
      const given = isObject(strategy) ? strategy : {};
      const type = given.type === undefined || given.type === '' ? 'RollingUpdate' : given.type;
      const rolling = isObject(given.rollingUpdate) ? given.rollingUpdate : {};
      const limits = {
        ...rolling,
        maxUnavailable: rolling.maxUnavailable ?? unavailable,
        maxSurge: rolling.maxSurge ?? surge,
      };
      return {
        ...spec,
        strategy: { ...given, type, ...(type === 'RollingUpdate' ? { rollingUpdate: limits } : {}) },
        revisionHistoryLimit: spec.revisionHistoryLimit ?? history,
        progressDeadlineSeconds: spec.progressDeadlineSeconds ?? deadlineSeconds,
      };
    });

/** The revision that a Deployment is to go back to; 0 means the last one before the present. */
export const rollbackAnnotation = 'deprecated.deployment.rollback.to';

/** The revision to go back to is a field in old versions, and an annotation in what is stored. */
function withRollbackKept(object: JsonObject): JsonObject {
  const { spec, metadata } = object;
  if (!isObject(spec) || !isObject(spec.rollbackTo)) return object;
  const { rollbackTo, ...rest } = spec;
  return { ...object, spec: rest, metadata: annotated(metadata, rollbackAnnotation, String(rollbackTo.revision ?? 0)) };
}

function shownDeployment(stored: JsonObject): JsonObject {
  const [object, revision] = withoutAnnotation(stored, rollbackAnnotation);
  return revision === undefined ? object : withSpec(object, (spec) => ({ ...spec, rollbackTo: { revision: Number(revision) } }));
}

const quarter: DeploymentDefaults = { unavailable: '25%', surge: '25%', history: 2, deadlineSeconds: 600 };
const one: DeploymentDefaults = { unavailable: 1, surge: 1, history: unlimited, deadlineSeconds: unlimited };

const rollbackIn = (group: string): NonNullable<ServedVersion['subresources']> => ({
  rollback: createSubresource({ group, version: 'v1beta1', kind: 'DeploymentRollback' }),
});

export const oldDeployments: readonly ServedVersion[] = [
  oldVersion({ ...beta2, kind: 'Deployment' }),
  oldVersion(
    { ...beta1, kind: 'Deployment' },
    { toStored: completedDeployment(quarter), fromStored: shownDeployment, subresources: rollbackIn('apps') },
  ),
  oldVersion(
    { ...extensions, kind: 'Deployment' },
    { toStored: completedDeployment(one), fromStored: shownDeployment, subresources: rollbackIn('extensions') },
  ),
];

export const oldReplicaSets: readonly ServedVersion[] = [
  oldVersion({ ...beta2, kind: 'ReplicaSet' }),
  oldVersion({ ...extensions, kind: 'ReplicaSet' }, { toStored: labelledAsTemplate }),
];

const generationAnnotation = 'deprecated.daemonset.template.generation';

/** Pods are replaced only when somebody deletes them, unless the strategy says otherwise. */
const onDelete = (object: JsonObject): JsonObject =>
  withSpec(object, ({ updateStrategy, ...spec }) => {
    const given = isObject(updateStrategy) ? updateStrategy : {};
    return { ...spec, updateStrategy: { ...given, type: given.type === undefined || given.type === '' ? 'OnDelete' : given.type } };
  });

function completedDaemonSet(object: JsonObject): JsonObject {
  const { spec, metadata } = object;
  const generation = isObject(spec) ? spec.templateGeneration : undefined;
  const whole = onDelete(labelledAsTemplate(withSpec(object, ({ templateGeneration: _generation, ...rest }) => rest)));
  if (empty(generation) || generation === 0) return whole;
  return { ...whole, metadata: annotated(whole.metadata ?? metadata, generationAnnotation, String(generation)) };
}

function shownDaemonSet(stored: JsonObject): JsonObject {
  const [object, generation] = withoutAnnotation(stored, generationAnnotation);
  return generation === undefined ? object : withSpec(object, (spec) => ({ ...spec, templateGeneration: Number(generation) }));
}

export const oldDaemonSets: readonly ServedVersion[] = [
  oldVersion({ ...beta2, kind: 'DaemonSet' }),
  oldVersion({ ...extensions, kind: 'DaemonSet' }, { toStored: completedDaemonSet, fromStored: shownDaemonSet }),
];

export const oldStatefulSets: readonly ServedVersion[] = [
  oldVersion({ ...beta2, kind: 'StatefulSet' }),
  oldVersion({ ...beta1, kind: 'StatefulSet' }, { toStored: (object) => onDelete(labelledAsTemplate(object)) }),
];

export const oldControllerRevisions: readonly ServedVersion[] = [
  oldVersion({ ...beta2, kind: 'ControllerRevision' }),
  oldVersion({ ...beta1, kind: 'ControllerRevision' }),
];
