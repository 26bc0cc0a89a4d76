/**
 * What a Pod that fits nowhere is told about eviction. Evicting Pods of lower priority itself belongs here, too, once priority classes exist: without
 * them no Pod outranks another. Source: plugins/defaultpreemption, pkg/scheduler/framework/preemption/preemption.go.
 */

import { fitMessage } from '../fit-message.ts';
import type { PostFilterPlugin } from '../framework.ts';

export const defaultPreemption: PostFilterPlugin = {
  name: 'DefaultPreemption',
  postFilter: (pod, rejections) => {
    if (pod.spec.preemptionPolicy === 'Never') return 'preemption: not eligible due to preemptionPolicy=Never.';
    const texts = [...rejections.values()].map(({ unresolvable }) =>
      unresolvable ? 'Preemption is not helpful for scheduling' : 'No preemption victims found for incoming pod',
    );
    return `preemption: ${fitMessage(rejections.size, texts)}`;
  },
};
