/** The Kinds whose objects a store keeps on disk only. */
import type { AnyKind } from '../../api/kind.ts';
import { event } from '../../api/kinds/core/event.ts';
import { type DiskOnly, storePrefix } from '../store/store.ts';

const diskOnlyOf = (kind: AnyKind): DiskOnly => ({
  prefix: storePrefix(kind.resourceName),
  topic: (object) => kind.select?.[kind.storage?.diskOnly ?? '']?.(object) ?? '',
});

/** Events: a busy cluster makes tens of thousands in an hour, and hardly any is ever read. */
export const eventsOnDiskOnly: DiskOnly = diskOnlyOf(event);
