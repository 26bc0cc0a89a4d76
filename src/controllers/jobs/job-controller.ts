/** The Job controller. Source: pkg/controller/job/job_controller.go. */
import type { Job } from '../../api/generated/batch/v1.ts';
import type { Pod } from '../../api/generated/core/v1.ts';
import { job } from '../../api/kinds/batch/job.ts';
import { isFinished } from '../../api/kinds/batch/job-conditions.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { type ObjectRef, refOf } from '../../api/object.ts';
import { fromLabelSelector } from '../../api/selector.ts';
import { isNotFound } from '../../api/status-error.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, type ControllerContext, defineController, type Outcome, settled, watching } from '../controller.ts';
import { claim, controllerOf } from '../owner-refs.ts';
import { isPodTerminal } from '../pods.ts';
import { orphanPods } from '../replicas/replica-core.ts';
import { type Failures, noFailures } from './backoff.ts';
import { countHeld, countSync } from './job-metrics.ts';
import { isTracked, trackingFinalizer, untrack } from './job-pods.ts';
import { JobSync } from './job-sync.ts';

const ownManager = 'kubernetes.io/job-controller';
const isForeign = ({ spec }: Job): boolean => spec.managedBy !== undefined && spec.managedBy !== ownManager;
const selectorOf = ({ spec }: Job) => fromLabelSelector(spec.selector);

async function claimPods(owner: Job, { cache, api }: ControllerContext): Promise<readonly Pod[]> {
  const pods = cache(pod);
  return claim({
    owner,
    ownerKind: job,
    selector: selectorOf(owner),
    candidates: [...pods.ownedBy(owner), ...pods.byIndex(orphanPods.name, owner.metadata.namespace ?? '')],
    finalizers: [trackingFinalizer],
    owners: api(job),
    dependents: api(pod),
  });
}

/** Counts Pods that have ended and are not counted by their Job yet. */
class HeldPods {
  readonly #uids = new Set<string>();

  /** Called after each change. */
  note(object: Pod, { cache, meters }: ControllerContext): void {
    const { metadata } = object;
    const current = cache(pod).get(refOf(object));
    const held = current?.metadata.uid === metadata.uid && isTracked(current) && isPodTerminal(current);
    if (held === this.#uids.has(metadata.uid)) return;
    if (held) this.#uids.add(metadata.uid);
    else this.#uids.delete(metadata.uid);
    countHeld(meters, held ? 'add' : 'delete');
  }
}

/** Runs Jobs. How often the Pods of each have failed since the last success is kept in memory only, as upstream. */
export function jobController(): Controller<Job> {
  const failures = new Map<string, Failures>();
  const held = new HeldPods();
  return defineController<Job>({
    name: 'job',
    reconciles: job,
    owns: [pod],
    watches: [
      watching(pod, (object, context) => {
        held.note(object, context);
        const { cache } = context;
        if (controllerOf(object) !== undefined || object.metadata.labels === undefined) return [];
        const jobs = cache(job).list({ namespace: object.metadata.namespace ?? '' });
        return jobs.filter((one) => selectorOf(one).matches(object.metadata.labels)).map(refOf);
      }),
    ],
    indexes: [orphanPods],
    reconcile: async (ref, context) => {
      const key = `${ref.namespace}/${ref.name}`;
      const owner = context.cache(job).get(ref);
      if (owner === undefined || isFinished(owner.status) || isForeign(owner)) {
        failures.delete(key);
        return settled;
      }
      const fromMs = context.clock.now();
      const sync = new JobSync(owner, await claimPods(owner, context), failures.get(key) ?? noFailures, context);
      let failed = true;
      try {
        const outcome = await sync.run();
        failed = false;
        return outcome;
      } finally {
        failures.set(key, sync.failures);
        countSync(context.meters, owner, sync.action, failed, (context.clock.now() - fromMs) / 1000);
      }
    },
  });
}

/** Whether a Job, which may be newer than the cache, still has to count the Pod, or somebody else does it. */
async function isCounted(ref: ObjectRef, uid: string, { cache, api }: ControllerContext): Promise<boolean> {
  const known = cache(job).get(ref);
  try {
    const owner = known?.metadata.uid === uid ? known : await api(job).get(ref);
    return owner.metadata.uid === uid && (isForeign(owner) || !isFinished(owner.status));
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function release(ref: ObjectRef, context: ControllerContext): Promise<Outcome> {
  const object = context.cache(pod).get(ref);
  if (object === undefined || !isTracked(object)) return settled;
  const owner = controllerOf(object);
  if (owner !== undefined) {
    if (owner.kind !== job.kind || !owner.apiVersion.startsWith('batch/')) return settled;
    if (await isCounted({ namespace: ref.namespace, name: owner.name }, owner.uid, context)) return settled;
  }
  await untrack(object, context);
  return settled;
}

/**
 * Lets Pods go whose Job is gone, has ended or has released them; nobody else would take their finalizer away. Source:
 * job_controller.go (syncOrphanPod).
 */
export const orphanedJobPodController: Controller<Pod> = defineController<Pod>({
  name: 'job-orphan-pod',
  identity: controllerAccount('job-controller'),
  reconciles: pod,
  concerns: isTracked,
  watches: [watching(job, (object, { cache }) => cache(pod).ownedBy(object).filter(isTracked).map(refOf))],
  reconcile: release,
});
