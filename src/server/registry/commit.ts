/** Writes objects to the store, or only makes the answer on a dry run. */
import type { KubeObject } from '../../api/object.ts';
import { asJson, withMeta } from '../../api/object-fields.ts';
import { type Entry, KeyConflictError, storeKey } from '../store/store.ts';
import type { Target } from './registry.ts';
import type { RegistryParts, Reservation } from './registry-parts.ts';
import { translateStoreError } from './store-errors.ts';

/** An entry that was never stored: the answer to a dry run, or an object of a type that exists only in answers. */
export function unstoredEntry(key: string, object: KubeObject, revision: number): Entry {
  return { key, object, bytes: Buffer.from(JSON.stringify(asJson(object))), revision };
}

/** A copy of the object with the resource version of a revision. */
export const atRevision = (object: KubeObject, revision: number): KubeObject =>
  withMeta(object, { resourceVersion: revision === 0 ? undefined : String(revision) });

export const keyOf = ({ kind, namespace, name }: Target): string => storeKey(kind.resourceName, namespace, name);

export interface Commit {
  readonly key: string;
  readonly object: KubeObject | undefined;
  readonly expectedRevision: number;
}

/**
 * Writes to the store. Undefined when the key was not at the expected revision. Throws StatusError (503) when the store
 * cannot be written.
 */
export async function commit(parts: RegistryParts, write: Commit): Promise<Entry | undefined> {
  try {
    return await parts.store.write(write);
  } catch (error) {
    if (error instanceof KeyConflictError) return undefined;
    throw translateStoreError(error);
  }
}

/**
 * Reserves what a Kind's behaviour needs (addresses, ports), calls `use` with the completed object, and releases the
 * reservation afterwards.
 */
export function withReservation<T>(
  object: KubeObject,
  reserve: ((object: KubeObject) => Reservation) | undefined,
  use: (object: KubeObject) => Promise<T>,
): Promise<T> {
  return reserve === undefined ? use(object) : whileReserved(reserve(object), use);
}

async function whileReserved<T>(reservation: Reservation, use: (object: KubeObject) => Promise<T>): Promise<T> {
  try {
    return await use(reservation.object);
  } finally {
    reservation.release();
  }
}
