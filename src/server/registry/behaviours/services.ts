/** Services: allocates addresses and ports around every write. */
import type { Service } from '../../../api/generated/core/v1.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { ResourceBehaviour } from '../registry-parts.ts';
import type { ServiceAllocator } from '../services/service-allocator.ts';

/** Only Services are passed to this behaviour. */
const asService = (object: KubeObject): Service => object as Service;

export const servicesBehaviour = (allocator: ServiceAllocator): ResourceBehaviour => ({
  beginCreate: (object, dryRun) => allocator.create(asService(object), dryRun),
  beginUpdate: (next, previous, dryRun) => allocator.update(asService(next), asService(previous), dryRun),
});
