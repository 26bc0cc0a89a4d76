/**
 * Ownership of an object's fields: `metadata.managedFields`. Every create, update and patch passes through here once,
 * between decoding and admission; an apply passes before it is decoded.
 */
import type { ManagedFieldsEntry } from '../../api/generated/meta/v1.ts';
import type { JsonObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import type { StandInSubresource } from '../../api/subresource.ts';
import type { Target } from './registry.ts';

export type StandIn = StandInSubresource<KubeObject>;

/** One write by an update, a patch or a creation. */
export interface FieldWrite {
  readonly target: Target;
  /** The stored object; undefined for a creation. */
  readonly live: KubeObject | undefined;
  readonly object: KubeObject;
  /** The field manager that the request names, or its user agent. */
  readonly manager: string;
}

export interface FieldApply extends Omit<FieldWrite, 'object'> {
  readonly config: JsonObject;
  readonly force: boolean;
}

/** A write of a stand-in. `live` and `object` are stand-ins. */
export interface StandInWrite extends FieldWrite {
  readonly standIn: StandIn;
  readonly live: KubeObject;
}

export type StandInApply = Omit<StandInWrite, 'object'> & Pick<FieldApply, 'config' | 'force'>;

export interface FieldManagement {
  /** The object with its managed fields as they are after the write. Rejects with the error of a conversion. */
  update(write: FieldWrite): Promise<KubeObject>;
  /**
   * The object that a configuration makes of the live one, in the version of the request; not decoded yet. Rejects with
   * StatusError.
   */
  apply(write: FieldApply): Promise<JsonObject>;
  /** A stand-in with managed fields that are made from those of its object. */
  shown(standIn: StandIn, target: Target, object: KubeObject): KubeObject;
  /** The stand-in with its managed fields as they are after the write. */
  updateStandIn(write: StandInWrite): Promise<KubeObject>;
  /** What a configuration makes of a stand-in; not decoded yet. Rejects with StatusError. */
  applyStandIn(write: StandInApply): Promise<JsonObject>;
  /** The managed fields of an object after a write of its stand-in. */
  fromStandIn(standIn: StandIn, target: Target, object: KubeObject, written: KubeObject): readonly ManagedFieldsEntry[] | undefined;
  /** What is wrong with the managed fields of an object; undefined when they can be read. */
  problem(object: KubeObject): string | undefined;
}
