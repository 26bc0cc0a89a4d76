/** The part of the DynamicResources plugin that every Pod without resource claims sees. Source: plugins/dynamicresources/dynamicresources.go PostFilter. */
import type { PostFilterPlugin } from '../framework.ts';

export const dynamicResources: PostFilterPlugin = { name: 'DynamicResources', postFilter: () => 'no new claims to deallocate' };
