/** The keys to which the crash test's writer writes. Half of the objects are kept on disk only. */
import type { DiskOnly } from './store.ts';

export const crashDiskOnly: DiskOnly = { prefix: 'configmaps/shelved/', topic: ({ metadata }) => metadata.name };

/** The key of `object-<lane>-<number>`. */
export const crashKey = (name: string): string =>
  Number(name.split('-')[1]) % 2 === 0 ? `configmaps/default/${name}` : `${crashDiskOnly.prefix}${name}`;
