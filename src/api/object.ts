/** The shapes every Kubernetes object shares: as received (everything optional) and as stored (complete). */
import type { ObjectMeta, StoredMeta } from './generated/meta/v1.ts';

/** A stored object of any kind: decoded, defaulted, named; deeply readonly. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: StoredMeta;
}

/** An object of a Kind that is defined at run time: metadata, and whatever its definition allows. */
export interface CustomObject extends KubeObject {
  readonly [field: string]: unknown;
}

/** Names a type of objects. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

type Primitive = string | number | boolean | null | undefined;

/** An object as a client sends it: every field may be absent. */
export type Received<T> = T extends Primitive
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Received<Item>[]
    : { readonly [K in keyof T]?: Received<T[K]> | undefined };

/** Names one object of a Kind; `namespace` is '' for cluster-scoped kinds. */
export interface ObjectRef {
  readonly namespace: string;
  readonly name: string;
}

/** `namespace/name`, or `name` alone: upstream's cache key. */
export const refKey = (ref: ObjectRef): string => (ref.namespace === '' ? ref.name : `${ref.namespace}/${ref.name}`);

/** The ref of an object. */
export const refOf = (object: KubeObject): ObjectRef => ({ namespace: object.metadata.namespace ?? '', name: object.metadata.name });

export type { ObjectMeta, StoredMeta };
