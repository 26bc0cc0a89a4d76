/** Keeps the served Kinds in step with the definitions in the store. */
import { type CustomKindParts, customKind } from '../../api/custom-resources/custom-kind.ts';
import { deepEqual } from '../../api/deep-equal.ts';
import type { CustomResourceDefinition } from '../../api/generated/apiextensions/v1.ts';
import type { AnyKind } from '../../api/kind.ts';
import { isTrue } from '../../api/kinds/apiextensions/conditions.ts';
import type { MutableKindSet } from '../registry/kind-set.ts';
import type { Entry } from '../store/store.ts';

/** A definition as the store holds it: nothing else is stored under its prefix. */
export const definitionIn = ({ object }: Pick<Entry, 'object'>): CustomResourceDefinition => object as CustomResourceDefinition;

interface Served {
  readonly definition: CustomResourceDefinition;
  readonly terminating: boolean;
}

export class CustomKinds {
  readonly #kinds: MutableKindSet;
  readonly #parts: CustomKindParts;
  /** By the names of definitions. */
  readonly #served = new Map<string, Served>();

  constructor(kinds: MutableKindSet, parts: CustomKindParts) {
    this.#kinds = kinds;
    this.#parts = parts;
  }

  /** Serves what definitions say, as far as they are established. */
  update(entries: readonly Entry[]): void {
    const changed: AnyKind[] = [];
    for (const entry of entries) {
      const definition = definitionIn(entry);
      const { name } = definition.metadata;
      if (!isTrue(definition, 'Established') || this.#isTaken(name)) continue;
      const terminating = isTrue(definition, 'Terminating');
      if (isUnchanged(this.#served.get(name), definition, terminating)) continue;
      const kind = customKind(definition, this.#parts, { since: entry.revision, terminating });
      if (kind === undefined) continue;
      this.#served.set(name, { definition, terminating });
      changed.push(kind);
    }
    this.#kinds.addAll(changed);
  }

  /** Ends serving the resource of a definition that is gone. */
  remove(name: string): void {
    if (this.#served.delete(name)) this.#kinds.remove(name);
  }

  /** A definition cannot take the place of a built-in kind. */
  #isTaken(resourceName: string): boolean {
    return !this.#served.has(resourceName) && this.#kinds.byResourceName(resourceName) !== undefined;
  }
}

const isUnchanged = (served: Served | undefined, { spec, status }: CustomResourceDefinition, terminating: boolean): boolean =>
  served !== undefined &&
  served.terminating === terminating &&
  (served.definition.spec === spec || deepEqual(served.definition.spec, spec)) &&
  deepEqual(served.definition.status.acceptedNames, status.acceptedNames);
