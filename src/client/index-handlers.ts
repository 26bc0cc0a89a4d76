/** Handlers for the objects under one value of an index. They are found directly, without calling all others. */
import type { KubeObject } from '../api/object.ts';
import type { InformerHandlers } from './informer.ts';

export class IndexHandlers<T extends KubeObject> {
  /** Index → value → handlers. */
  readonly #handlers = new Map<string, Map<string, Set<InformerHandlers<T>>>>();
  readonly #valuesOf: (index: string, object: T) => readonly string[];

  constructor(valuesOf: (index: string, object: T) => readonly string[]) {
    this.#valuesOf = valuesOf;
  }

  /** Adds handlers and returns the function that removes them. */
  add(index: string, value: string, handlers: InformerHandlers<T>): () => void {
    const byValue = this.#handlers.get(index) ?? new Map<string, Set<InformerHandlers<T>>>();
    this.#handlers.set(index, byValue);
    const bucket = byValue.get(value) ?? new Set();
    byValue.set(value, bucket.add(handlers));
    return () => {
      bucket.delete(handlers);
      if (bucket.size === 0 && byValue.get(value) === bucket) byValue.delete(value);
    };
  }

  /** Handlers of index values that `object` has and `other` does not have. */
  entered(object: T, other?: T): readonly InformerHandlers<T>[] {
    return this.#select(object, (value, index) => other === undefined || !this.#valuesOf(index, other).includes(value));
  }

  /** Handlers of index values that both objects have. */
  stayed(object: T, other: T): readonly InformerHandlers<T>[] {
    return this.#select(object, (value, index) => this.#valuesOf(index, other).includes(value));
  }

  #select(object: T, wanted: (value: string, index: string) => boolean): readonly InformerHandlers<T>[] {
    const found: InformerHandlers<T>[] = [];
    for (const [index, byValue] of this.#handlers) {
      for (const value of this.#valuesOf(index, object)) if (wanted(value, index)) found.push(...(byValue.get(value) ?? []));
    }
    return found;
  }
}
