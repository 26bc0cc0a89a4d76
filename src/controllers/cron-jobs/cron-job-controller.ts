/** The CronJob controller. Source: pkg/controller/cronjob/cronjob_controllerv2.go. */
import type { CronJob } from '../../api/generated/batch/v1.ts';
import { cronJob } from '../../api/kinds/batch/cron-job.ts';
import { job } from '../../api/kinds/batch/job.ts';
import { type Controller, defineController, settled } from '../controller.ts';
import { CronJobSync } from './cron-job-sync.ts';

export const cronJobController: Controller<CronJob> = defineController<CronJob>({
  name: 'cronjob',
  reconciles: cronJob,
  owns: [job],
  reconcile: async (ref, context) => {
    const owner = context.cache(cronJob).get(ref);
    return owner === undefined ? settled : new CronJobSync(owner, context.cache(job).ownedBy(owner), context).run();
  },
});
