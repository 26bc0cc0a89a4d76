/** The get verb. Source: apiserver pkg/registry/generic/registry/store.go (Get). */
import { statusErrors } from '../../api/status-error.ts';
import type { Entry } from '../store/store.ts';
import { keyOf } from './commit.ts';
import type { ReadOptions, Target } from './registry.ts';
import type { RegistryParts } from './registry-parts.ts';
import { parseReadVersion, parseResourceVersion, requireNotTooLarge } from './resource-version.ts';
import { resourceOf } from './store-errors.ts';

/**
 * The stored object. Throws StatusError: 404; 500, or 400 for events, when the resource version is malformed; 504 when
 * it is newer than the store.
 */
export function get({ store }: RegistryParts, target: Target, { resourceVersion }: ReadOptions): Entry {
  // Upstream's events are in no watch cache.
  const parse = target.kind.resourceName === 'events' ? parseResourceVersion : parseReadVersion;
  requireNotTooLarge(parse(resourceVersion), store.revision);
  const entry = store.get(keyOf(target));
  if (entry === undefined) throw statusErrors.notFound(resourceOf(target), target.name);
  return entry;
}
