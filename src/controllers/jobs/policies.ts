/**
 * What a Job's policies make of its Pods. Source: pkg/controller/job/{pod_failure_policy,success_policy}.go,
 * job_controller.go (isPodFailed).
 */
import type { Job, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement, SuccessPolicy } from '../../api/generated/batch/v1.ts';
import type { ContainerStatus, Pod } from '../../api/generated/core/v1.ts';
import { countIndexes, type Interval } from '../../api/kinds/batch/index-intervals.ts';
import { countShared, readIndexes } from './indexes.ts';

/** Whether a Pod is replaced only once it has failed, not already while it is being deleted. */
export const replacesFailedOnly = ({ spec }: Job): boolean => spec.podReplacementPolicy === 'Failed' || spec.podFailurePolicy !== undefined;

/** Whether a Pod counts as failed: one that is being deleted does too, since it may never get that far. */
export function isPodFailed({ status, metadata }: Pod, job: Job): boolean {
  if (status.phase === 'Failed') return true;
  return !replacesFailedOnly(job) && metadata.deletionTimestamp !== undefined && status.phase !== 'Succeeded';
}

export interface Verdict {
  /** Why the whole Job fails; undefined: it does not. */
  readonly failJob?: string;
  /** Whether the failure counts towards the limits. */
  readonly counts: boolean;
  readonly failIndex: boolean;
  /** That of the rule that matched. */
  readonly action?: string;
}

function matchesExitCode(status: ContainerStatus, { containerName, operator, values }: PodFailurePolicyOnExitCodesRequirement): boolean {
  const code = status.state?.terminated?.exitCode ?? 0;
  if (code === 0 || (containerName !== undefined && containerName !== status.name)) return false;
  return values.includes(code) === (operator === 'In');
}

/** What the first matching rule says of a failed Pod. */
export function judge(policy: PodFailurePolicy | undefined, { metadata, status }: Pod): Verdict {
  const pod = `${metadata.namespace}/${metadata.name}`;
  for (const [i, { action, onExitCodes, onPodConditions = [] }] of (policy?.rules ?? []).entries()) {
    let why: string | undefined;
    if (onExitCodes !== undefined) {
      const all = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
      const container = all.find((one) => matchesExitCode(one, onExitCodes));
      if (container !== undefined)
        why = `Container ${container.name} for pod ${pod} failed with exit code ${container.state?.terminated?.exitCode}`;
    } else {
      const matches = (type: string, value: string): boolean => onPodConditions.some((one) => one.type === type && one.status === value);
      const condition = (status.conditions ?? []).find((one) => matches(one.type, one.status));
      if (condition !== undefined) why = `Pod ${pod} has condition ${condition.type}`;
    }
    if (why === undefined) continue;
    if (action === 'FailJob') return { failJob: `${why} matching FailJob rule at index ${i}`, counts: true, failIndex: false, action };
    return { counts: action !== 'Ignore', failIndex: action === 'FailIndex', action };
  }
  return { counts: true, failIndex: false };
}

/** The message of the first rule that is met; undefined when none is. */
export function successMessage(policy: SuccessPolicy | undefined, completions: number, succeeded: readonly Interval[]): string | undefined {
  if (succeeded.length === 0) return undefined;
  const index = (policy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeededCount !== undefined && countIndexes(succeeded) >= succeededCount;
    const wanted = readIndexes(succeededIndexes, completions);
    if (wanted.length === 0) return false;
    const shared = countShared(wanted, succeeded);
    return shared === countIndexes(wanted) || (succeededCount !== undefined && shared >= succeededCount);
  });
  return index === -1 ? undefined : `Matched rules at index ${index}`;
}
