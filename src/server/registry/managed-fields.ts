/**
 * Ownership of an object's fields: `metadata.managedFields`. Every write passes through here once, between decoding and
 * admission.
 */
import type { KubeObject } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import type { Target } from './registry.ts';

/**
 * One write by an update, a patch or a creation. Source: apimachinery pkg/util/managedfields/fieldmanager.go
 * (UpdateNoErrors).
 */
export interface FieldWrite {
  readonly target: Target;
  /** The stored object; undefined for a creation. */
  readonly live: KubeObject | undefined;
  readonly object: KubeObject;
  /** The field manager that the request names, or its user agent. */
  readonly manager: string;
}

export interface FieldManagement {
  /** Returns the object with its managed fields as they are after the write. */
  update(write: FieldWrite): KubeObject;
}

/** Tracks nothing: managed fields that clients send are dropped. Differs: upstream tracks them. */
export const untrackedFields: FieldManagement = {
  update: ({ object }) => (object.metadata.managedFields === undefined ? object : withMeta(object, { managedFields: undefined })),
};
