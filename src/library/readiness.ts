/** Whether an object is what it is meant to be, in the words of `kubectl rollout status` where it has any. */
import { isObject, type JsonObject, type JsonValue } from '../api/json.ts';
import type { KubeObject } from '../api/object.ts';
import { CommandError } from '../cli/kubectl/command/command.ts';
import type { ApiObject } from '../cli/kubectl/command/session.ts';
import type { RolloutStatus } from '../cli/kubectl/kinds/kind-traits.ts';
import { daemonSetStatus, deploymentStatus, statefulSetStatus } from '../cli/kubectl/kinds/rollout/rollout-status.ts';

export interface Verdict {
  readonly holds: boolean;
  /** True: it cannot come to hold any more. */
  readonly failed?: boolean;
  /** Why it does not hold. */
  readonly why: string;
}

/** Any API object, as JSON. */
const jsonOf = (object: KubeObject): JsonObject => object as unknown as JsonObject;
const member = (value: JsonValue | undefined, name: string): JsonValue | undefined => (isObject(value) ? value[name] : undefined);
const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** The conditions in the status of an object. */
export function conditionsOf(object: KubeObject): readonly Condition[] {
  const conditions = member(member(jsonOf(object), 'status'), 'conditions');
  if (!Array.isArray(conditions)) return [];
  return conditions.map((each: JsonValue) => ({
    ...{ type: textOf(member(each, 'type')), status: textOf(member(each, 'status')) },
    ...{ reason: textOf(member(each, 'reason')), message: textOf(member(each, 'message')) },
  }));
}

export const conditionText = ({ type, status, reason, message }: Condition): string =>
  `${type}=${status}${reason === '' ? '' : ` (${reason})`}${message === '' ? '' : `: ${message}`}`;

/** Whether a condition has a status, `True` unless another is named after `=`: `Available`, `Ready=False`. */
export function conditionVerdict(object: KubeObject, wanted: string): Verdict {
  const [type = '', status = 'True'] = wanted.split('=');
  const found = conditionsOf(object).find((condition) => condition.type.toLowerCase() === type.toLowerCase());
  if (found?.status.toLowerCase() === status.toLowerCase()) return { holds: true, why: '' };
  return { holds: false, why: found === undefined ? `it has no condition ${type}` : conditionText(found) };
}

const byRollout =
  (status: RolloutStatus) =>
  (object: KubeObject): Verdict => {
    try {
      // An API object is one for kubectl, too.
      const { done, text } = status(object as unknown as ApiObject, 0);
      return { holds: done, why: text.trim() };
    } catch (error) {
      if (error instanceof CommandError) return { holds: false, failed: true, why: error.message };
      throw error;
    }
  };

const phaseVerdict =
  (...phases: readonly string[]) =>
  (object: KubeObject): Verdict => {
    const phase = textOf(member(member(jsonOf(object), 'status'), 'phase'));
    return { holds: phases.includes(phase), why: `its phase is ${JSON.stringify(phase)}` };
  };

function podVerdict(object: KubeObject): Verdict {
  const ended = phaseVerdict('Succeeded')(object);
  if (ended.holds) return ended;
  const failed = phaseVerdict('Failed')(object);
  return failed.holds ? { holds: false, failed: true, why: failed.why } : conditionVerdict(object, 'Ready');
}

function jobVerdict(object: KubeObject): Verdict {
  const failed = conditionsOf(object).find(({ type, status }) => type === 'Failed' && status === 'True');
  return failed === undefined ? conditionVerdict(object, 'Complete') : { holds: false, failed: true, why: conditionText(failed) };
}

function replicasVerdict(object: KubeObject): Verdict {
  const [wanted, ready] = [
    member(member(jsonOf(object), 'spec'), 'replicas') ?? 1,
    member(member(jsonOf(object), 'status'), 'readyReplicas') ?? 0,
  ];
  return { holds: wanted === ready, why: `${String(ready)} of ${String(wanted)} replicas are ready` };
}

const byResource: Readonly<Record<string, (object: KubeObject) => Verdict>> = {
  'deployments.apps': byRollout(deploymentStatus),
  'statefulsets.apps': byRollout(statefulSetStatus),
  'daemonsets.apps': byRollout(daemonSetStatus),
  'replicasets.apps': replicasVerdict,
  replicationcontrollers: replicasVerdict,
  pods: podVerdict,
  'jobs.batch': jobVerdict,
  persistentvolumeclaims: phaseVerdict('Bound'),
  persistentvolumes: phaseVerdict('Available', 'Bound'),
  namespaces: phaseVerdict('Active'),
  'customresourcedefinitions.apiextensions.k8s.io': (object) => conditionVerdict(object, 'Established'),
  'apiservices.apiregistration.k8s.io': (object) => conditionVerdict(object, 'Available'),
};

/** Whether an object of that resource is ready. One of another kind is, unless its condition `Ready` denies it. */
export function readinessOf(resourceName: string, object: KubeObject): Verdict {
  const verdict = byResource[resourceName];
  if (verdict !== undefined) return verdict(object);
  return conditionsOf(object).some(({ type }) => type === 'Ready') ? conditionVerdict(object, 'Ready') : { holds: true, why: '' };
}
