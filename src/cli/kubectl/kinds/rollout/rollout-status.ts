/** The progress of a rollout, in upstream's words. Source: kubectl pkg/polymorphichelpers/rollout_status.go. */
import { CommandError } from '../../command/command.ts';
import type { ApiObject } from '../../command/session.ts';
import type { RolloutProgress, RolloutStatus } from '../kind-traits.ts';

interface Workload extends Pick<ApiObject, 'metadata'> {
  readonly spec: {
    readonly replicas?: number;
    readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } };
  };
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly currentReplicas?: number;
    readonly currentRevision?: string;
    readonly updateRevision?: string;
    readonly desiredNumberScheduled?: number;
    readonly updatedNumberScheduled?: number;
    readonly numberAvailable?: number;
    readonly conditions?: readonly { readonly type: string; readonly reason?: string }[];
  };
}

/**
 * The object as a workload. The cast is safe, because the table of kinds selects the status function by the object's
 * kind.
 */
const workloadOf = (object: ApiObject): Workload => object as unknown as Workload;

const generationOf = (object: Pick<ApiObject, 'metadata'>): number => Number(object.metadata?.generation ?? 0);

const nameOf = (object: Pick<ApiObject, 'metadata'>): string => JSON.stringify(object.metadata?.name ?? '');

export const deploymentStatus: RolloutStatus = (object, revision) => {
  const { spec, status } = workloadOf(object);
  const running = Number(object.metadata?.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
  if (revision > 0 && running !== revision)
    throw new CommandError(`desired revision (${revision}) is different from the running revision (${running})`);
  if (generationOf(object) > (status.observedGeneration ?? 0))
    return { text: 'Waiting for deployment spec update to be observed...\n', done: false };
  if (status.conditions?.some((c) => c.type === 'Progressing' && c.reason === 'ProgressDeadlineExceeded') === true) {
    throw new CommandError(`deployment ${nameOf(object)} exceeded its progress deadline`);
  }
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status;
  const waiting = (what: string): RolloutProgress => ({
    text: `Waiting for deployment ${nameOf(object)} rollout to finish: ${what}...\n`,
    done: false,
  });
  if (spec.replicas !== undefined && updatedReplicas < spec.replicas)
    return waiting(`${updatedReplicas} out of ${spec.replicas} new replicas have been updated`);
  if (replicas > updatedReplicas) return waiting(`${replicas - updatedReplicas} old replicas are pending termination`);
  if (availableReplicas < updatedReplicas) return waiting(`${availableReplicas} of ${updatedReplicas} updated replicas are available`);
  return { text: `deployment ${nameOf(object)} successfully rolled out\n`, done: true };
};

export const daemonSetStatus: RolloutStatus = (object) => {
  const { spec, status } = workloadOf(object);
  if (spec.updateStrategy?.type !== 'RollingUpdate')
    throw new CommandError('rollout status is only available for RollingUpdate strategy type');
  if (generationOf(object) > (status.observedGeneration ?? 0))
    return { text: 'Waiting for daemon set spec update to be observed...\n', done: false };
  const { desiredNumberScheduled: desired = 0, updatedNumberScheduled: updated = 0, numberAvailable: available = 0 } = status;
  const waiting = (what: string): RolloutProgress => ({
    text: `Waiting for daemon set ${nameOf(object)} rollout to finish: ${what}...\n`,
    done: false,
  });
  if (updated < desired) return waiting(`${updated} out of ${desired} new pods have been updated`);
  if (available < desired) return waiting(`${available} of ${desired} updated pods are available`);
  return { text: `daemon set ${nameOf(object)} successfully rolled out\n`, done: true };
};

export const statefulSetStatus: RolloutStatus = (object) => {
  const { spec, status } = workloadOf(object);
  if (spec.updateStrategy?.type !== 'RollingUpdate')
    throw new CommandError('rollout status is only available for RollingUpdate strategy type');
  const observed = status.observedGeneration ?? 0;
  if (observed === 0 || generationOf(object) > observed)
    return { text: 'Waiting for statefulset spec update to be observed...\n', done: false };
  const { readyReplicas = 0, updatedReplicas = 0, currentReplicas = 0, updateRevision = '', currentRevision = '' } = status;
  if (spec.replicas !== undefined && readyReplicas < spec.replicas)
    return { text: `Waiting for ${spec.replicas - readyReplicas} pods to be ready...\n`, done: false };
  const { rollingUpdate } = spec.updateStrategy;
  if (rollingUpdate !== undefined) {
    const wanted = (spec.replicas ?? 0) - (rollingUpdate.partition ?? 0);
    if (spec.replicas !== undefined && rollingUpdate.partition !== undefined && updatedReplicas < wanted) {
      return {
        text: `Waiting for partitioned roll out to finish: ${updatedReplicas} out of ${wanted} new pods have been updated...\n`,
        done: false,
      };
    }
    return { text: `partitioned roll out complete: ${updatedReplicas} new pods have been updated...\n`, done: true };
  }
  if (updateRevision !== currentRevision) {
    return {
      text: `waiting for statefulset rolling update to complete ${updatedReplicas} pods at revision ${updateRevision}...\n`,
      done: false,
    };
  }
  return { text: `statefulset rolling update complete ${currentReplicas} pods at revision ${currentRevision}...\n`, done: true };
};
