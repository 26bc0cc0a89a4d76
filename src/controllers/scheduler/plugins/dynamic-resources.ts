/**
 * The part of the DynamicResources plugin that affects Pods without resource claims. Source:
 * plugins/dynamicresources/dynamicresources.go PostFilter.
 */
import type { Plugin } from '../framework/plugin.ts';
import { unschedulable } from '../framework/status.ts';

export const dynamicResources: Plugin = {
  name: 'DynamicResources',
  postFilter: () => ({ status: unschedulable('no new claims to deallocate') }),
};
