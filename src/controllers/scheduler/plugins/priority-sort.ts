/** Pods of higher priority first, older ones first among equals. Source: plugins/queuesort/priority_sort.go. */
import { podPriority } from '../../pods.ts';
import type { Plugin, QueuedPodInfo } from '../framework/plugin.ts';

const priorityOf = ({ pod }: QueuedPodInfo): number => podPriority(pod);

export const prioritySort: Plugin = {
  name: 'PrioritySort',
  less: (a, b) => (priorityOf(a) === priorityOf(b) ? a.order < b.order : priorityOf(a) > priorityOf(b)),
};
