/**
 * Shares equal sets: objects of one shape, and the states of one object, then hold the same set, which takes no more
 * memory and need not be read again. Sets that differ, as by a pod's address, share the nodes at their ends.
 */
import type { JsonValue } from '../json.ts';
import { type FieldSet, type GrowingSet, isEmptySet, leaf, readFieldSet } from './field-set.ts';
import type { MergeType } from './merge-type.ts';
import { reconcile } from './reconcile.ts';

/** How many sets are found again by their text. */
const capacity = 1000;
/** How many nodes above members are found again by their elements. */
const nodeCapacity = 5000;

export class FieldSetPool {
  readonly #byText = new Map<string, FieldSet>();
  /** Sets that are canonical, each with the type that it was last reconciled with. */
  readonly #known = new WeakMap<FieldSet, { type: MergeType | undefined }>();
  /** Nodes with nothing but members below, such as that of a condition, by their elements. */
  readonly #nodes = new Map<string, FieldSet>();

  /** Reads FieldsV1. Throws PathElementError. */
  read(value: JsonValue): FieldSet {
    // Whether this JSON is a set is what the lookups find out.
    const perhaps = value as unknown as FieldSet;
    if (typeof value === 'object' && value !== null && this.#known.has(perhaps)) return perhaps;
    return this.#byText.get(JSON.stringify(value)) ?? this.share(readFieldSet(value));
  }

  /** The one set that stands for all that are equal to a canonical one. */
  share(set: FieldSet): FieldSet {
    if (this.#known.has(set)) return set;
    const text = JSON.stringify(set);
    const shared = this.#byText.get(text);
    if (shared !== undefined) return shared;
    if (this.#byText.size >= capacity) this.#byText.clear();
    if (this.#nodes.size >= nodeCapacity) this.#nodes.clear();
    const made = this.#withSharedNodes(set);
    this.#byText.set(text, made);
    this.#known.set(made, { type: undefined });
    return made;
  }

  #withSharedNodes(node: FieldSet): FieldSet {
    let elements = '';
    let hasNodes = false;
    let copy: GrowingSet | undefined;
    for (const element in node) {
      const child = node[element] ?? leaf;
      const shared = child === leaf || isEmptySet(child) ? leaf : this.#withSharedNodes(child);
      if (shared === leaf) elements += `${element}\0`;
      else hasNodes = true;
      if (shared === child) continue;
      copy ??= { ...(node as GrowingSet) };
      copy[element] = shared as GrowingSet;
    }
    const made = copy ?? node;
    if (hasNodes) return made;
    const shared = this.#nodes.get(elements);
    if (shared === undefined) this.#nodes.set(elements, made);
    return shared ?? made;
  }

  /** The set in line with a type: see `reconcile`. */
  reconciled(type: MergeType, set: FieldSet): FieldSet {
    const known = this.#known.get(set);
    if (known?.type === type) return set;
    const mended = reconcile(type, set);
    if (mended === set && known !== undefined) known.type = type;
    return mended;
  }
}
