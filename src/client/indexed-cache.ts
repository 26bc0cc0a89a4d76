/** The store behind an informer: objects by key, with indexes that are built on first use. */
import type { KubeObject, ObjectRef } from '../api/object.ts';
import { refKey, refOf } from '../api/object.ts';
import type { Selector } from '../api/selector.ts';
import type { Cache } from './informer.ts';

/** A map rather than an array, so that insertion, removal and look-up by key take constant time. */
type Bucket<T> = Map<string, T>;

interface Index<T> {
  readonly values: (object: T) => readonly string[];
  /** Undefined until the index is first used. */
  buckets: Map<string, Bucket<T>> | undefined;
}

/** The uid of the controller owner of an object. */
export function controllerUid(object: KubeObject): string | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true)?.uid;
}

const asList = (value: string | undefined): readonly string[] => (value === undefined ? [] : [value]);

const builtIn = { namespace: ' namespace', controller: ' controller', uid: ' uid' } as const;

/** A cache that its informer fills. Reads are consistent: there is no await inside a batch. */
export class IndexedCache<T extends KubeObject> implements Cache<T> {
  readonly #objects: Bucket<T> = new Map();
  readonly #indexes = new Map<string, Index<T>>();

  constructor() {
    this.addIndex(builtIn.namespace, (object) => asList(object.metadata.namespace));
    this.addIndex(builtIn.controller, (object) => asList(controllerUid(object)));
    this.addIndex(builtIn.uid, (object) => [object.metadata.uid]);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(ref: ObjectRef): T | undefined {
    return this.#objects.get(refKey(ref));
  }

  list(options: { readonly namespace?: string; readonly selector?: Selector } = {}): readonly T[] {
    const { namespace, selector } = options;
    const objects = namespace === undefined || namespace === '' ? [...this.#objects.values()] : this.byIndex(builtIn.namespace, namespace);
    return selector === undefined || selector.empty ? objects : objects.filter((object) => selector.matches(object.metadata.labels));
  }

  ownedBy(owner: KubeObject): readonly T[] {
    return this.byIndex(builtIn.controller, owner.metadata.uid);
  }

  byUid(uid: string): T | undefined {
    return this.byIndex(builtIn.uid, uid)[0];
  }

  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`no index named ${JSON.stringify(name)}`);
    index.buckets ??= this.#build(index);
    const bucket = index.buckets.get(value);
    return bucket === undefined ? [] : [...bucket.values()];
  }

  /** Declares an index; idempotent by name. */
  addIndex(name: string, values: (object: T) => readonly string[]): void {
    if (!this.#indexes.has(name)) this.#indexes.set(name, { values, buckets: undefined });
  }

  /** The values of a declared index for an object. */
  indexValues(name: string, object: T): readonly string[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`no index named ${JSON.stringify(name)}`);
    return index.values(object);
  }

  /** Stores an object and returns the one it replaces. */
  set(object: T): T | undefined {
    const key = refKey(refOf(object));
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const index of this.#indexes.values()) {
      if (index.buckets === undefined) continue;
      const values = index.values(object);
      if (previous !== undefined) {
        const left = index.values(previous).filter((value) => !values.includes(value));
        if (left.length > 0) unindex(index.buckets, left, key);
      }
      intoBuckets(index.buckets, values, key, object);
    }
    return previous;
  }

  /** Removes an object and returns it as it was cached. */
  delete(ref: ObjectRef): T | undefined {
    const key = refKey(ref);
    const previous = this.#objects.get(key);
    if (previous === undefined) return undefined;
    this.#objects.delete(key);
    for (const { buckets, values } of this.#indexes.values()) if (buckets !== undefined) unindex(buckets, values(previous), key);
    return previous;
  }

  #build(index: Index<T>): Map<string, Bucket<T>> {
    const buckets = new Map<string, Bucket<T>>();
    for (const [key, object] of this.#objects) intoBuckets(buckets, index.values(object), key, object);
    return buckets;
  }
}

function intoBuckets<T>(buckets: Map<string, Bucket<T>>, values: readonly string[], key: string, object: T): void {
  for (const value of values) {
    const bucket = buckets.get(value);
    if (bucket === undefined) buckets.set(value, new Map([[key, object]]));
    else bucket.set(key, object);
  }
}

function unindex<T>(buckets: Map<string, Bucket<T>>, values: readonly string[], key: string): void {
  for (const value of values) {
    const bucket = buckets.get(value);
    bucket?.delete(key);
    if (bucket?.size === 0) buckets.delete(value);
  }
}
