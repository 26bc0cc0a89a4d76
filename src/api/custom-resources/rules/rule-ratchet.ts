/**
 * What of an updated object is as it was before, so that rules which fail there only warn. Source:
 * apiextensions-apiserver pkg/apiserver/schema/cel/validation.go (ratchetingOptions).
 */
import type { Correlation } from '../correlation.ts';

export class RuleRatchet {
  /** For objects that are new. */
  static readonly none = new RuleRatchet(undefined, undefined);

  readonly #current: Correlation | undefined;
  /** The nearest value around this one that has an old one. */
  readonly #nearest: Correlation | undefined;

  constructor(current: Correlation | undefined, nearest: Correlation | undefined) {
    this.#current = current;
    this.#nearest = nearest;
  }

  /** Whether nothing has changed, here or in what is around it. */
  get isUnchanged(): boolean {
    return (this.#current ?? this.#nearest)?.isEqual ?? false;
  }

  key(name: string): RuleRatchet {
    const current = this.#current;
    if (current === undefined) return this;
    // Both objects are of the same type in any case, whatever was sent.
    if (this.#nearest === undefined && (name === 'apiVersion' || name === 'kind')) return RuleRatchet.none;
    return new RuleRatchet(current.key(name), current);
  }

  index(position: number): RuleRatchet {
    const current = this.#current;
    return current === undefined ? this : new RuleRatchet(current.index(position), current);
  }
}
