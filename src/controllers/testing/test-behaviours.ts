/** What the registry of test clusters does beyond the generic verbs. */
import type { ResourceBehaviour } from '../../server/registry/registry-parts.ts';

export const testBehaviours: ReadonlyMap<string, ResourceBehaviour> = new Map();
