/** Deletes Jobs some time after they have ended. Source: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go. */
import type { Job } from '../../api/generated/batch/v1.ts';
import { job } from '../../api/kinds/batch/job.ts';
import { isFinished } from '../../api/kinds/batch/job-conditions.ts';
import { isNotFound } from '../../api/status-error.ts';
import { type Controller, defineController, settled } from '../controller.ts';
import { timeOf } from '../pods.ts';
import { noteDeletionDelay } from './job-metrics.ts';

/** Milliseconds until a Job is to be deleted; undefined when it is not. */
function leftMs({ metadata, spec, status }: Job, nowMs: number): number | undefined {
  const { ttlSecondsAfterFinished: ttl } = spec;
  if (ttl === undefined || metadata.deletionTimestamp !== undefined || !isFinished(status)) return undefined;
  const ended = (status.conditions ?? []).find(
    (condition) => (condition.type === 'Complete' || condition.type === 'Failed') && condition.status === 'True',
  );
  return timeOf(ended?.lastTransitionTime) + ttl * 1000 - nowMs;
}

export const ttlAfterFinishedController: Controller<Job> = defineController<Job>({
  name: 'ttl-after-finished',
  reconciles: job,
  reconcile: async (ref, { cache, api, clock, meters }) => {
    const seen = cache(job).get(ref);
    const left = seen === undefined ? undefined : leftMs(seen, clock.now());
    if (left === undefined) return settled;
    if (left > 0) return { requeueAfterMs: left };
    try {
      // The Job may have been changed, so the API is asked again.
      const fresh = await api(job).get(ref);
      const still = leftMs(fresh, clock.now());
      if (still === undefined || still > 0) return still === undefined ? settled : { requeueAfterMs: still };
      await api(job).delete(ref, { propagationPolicy: 'Foreground', preconditions: { uid: fresh.metadata.uid } });
      noteDeletionDelay(meters, -still);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return settled;
  },
});
