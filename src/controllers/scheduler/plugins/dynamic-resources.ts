/**
 * The part of the DynamicResources plugin that affects Pods without resource claims. Source:
 * plugins/dynamicresources/dynamicresources.go PostFilter.
 */
import { StateKey } from '../framework/cycle-state.ts';
import type { Plugin } from '../framework/plugin.ts';
import { unresolvable, unschedulable } from '../framework/status.ts';

/** The plugin's PreFilter has run: no plugin before it has refused the Pod for good. */
const prepared = new StateKey<true>('DynamicResources');

export const dynamicResources: Plugin = {
  name: 'DynamicResources',
  preFilter: (state) => {
    state.write(prepared, true);
    return undefined;
  },
  // Without its state upstream's fails, and no plugin is asked after it: nothing is preempted for such a Pod.
  postFilter: (state) => ({
    status: state.find(prepared) === undefined ? unresolvable('not found') : unschedulable('no new claims to deallocate'),
  }),
};
