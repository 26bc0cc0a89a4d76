/**
 * Shares equal sets: objects of one shape, and the states of one object, then hold the same set, which takes no more
 * memory and need not be read again. Sets that differ, as by a pod's address, share their equal parts.
 */
import type { JsonValue } from '../json.ts';
import { type FieldSet, type GrowingSet, isEmptySet, leaf, readFieldSet } from './field-set.ts';
import type { MergeType } from './merge-type.ts';
import { reconcile } from './reconcile.ts';

/** How many sets are found again by their text. */
const capacity = 1000;
/** How many nodes below roots are found again. */
const nodeCapacity = 5000;

/** A node that stands for all equal ones; the number stands for it among the children of others. */
interface Part {
  readonly node: FieldSet;
  readonly id: number;
}

const leafPart: Part = { node: leaf, id: 0 };

export class FieldSetPool {
  readonly #byText = new Map<string, FieldSet>();
  /** Sets that are canonical, each with the type that it was last reconciled with. */
  readonly #known = new WeakMap<FieldSet, { type: MergeType | undefined }>();
  /** By its elements and the numbers of its children. */
  readonly #parts = new Map<string, Part>();
  #lastId = 0;

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
    if (this.#parts.size >= nodeCapacity) this.#parts.clear();
    const made = this.#part(set).node;
    this.#byText.set(text, made);
    this.#known.set(made, { type: undefined });
    return made;
  }

  /** The one node that stands for all that are equal to this one. */
  #part(node: FieldSet): Part {
    if (isEmptySet(node)) return leafPart;
    const copy: GrowingSet = {};
    let key = '';
    for (const [element, child] of Object.entries(node)) {
      const part = this.#part(child);
      copy[element] = part.node as GrowingSet;
      key += `${element}\0${part.id}\0`;
    }
    const found = this.#parts.get(key);
    if (found !== undefined) return found;
    const part: Part = { node: copy, id: ++this.#lastId };
    this.#parts.set(key, part);
    return part;
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
