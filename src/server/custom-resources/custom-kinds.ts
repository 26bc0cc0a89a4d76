/** Keeps the served Kinds in step with the definitions in the store. */
import { type CustomKindParts, customKind } from '../../api/custom-resources/custom-kind.ts';
import { deepEqual } from '../../api/deep-equal.ts';
import type { CustomResourceDefinition } from '../../api/generated/apiextensions/v1.ts';
import { isBuiltInGroup } from '../../api/group-priorities.ts';
import { type AnyKind, isCustom } from '../../api/kind.ts';
import { isTrue } from '../../api/kinds/apiextensions/conditions.ts';
import { type MutableKindSet, servedVersions } from '../registry/kind-set.ts';
import type { Entry } from '../store/store.ts';

/** A definition as the store holds it: nothing else is stored under its prefix. */
export const definitionIn = ({ object }: Pick<Entry, 'object'>): CustomResourceDefinition => object as CustomResourceDefinition;

/**
 * Under which resource name the Kind of a definition is kept: the definition's name, unless a built-in Kind has that.
 * Upstream, too, keeps the objects of both apart, since those of built-in Kinds have folders of their own.
 */
export function resourceNameOf(kinds: MutableKindSet, definition: string): string {
  const known = kinds.byResourceName(definition);
  return known === undefined || isCustom(known) ? definition : `custom:${definition}`;
}

interface Served {
  readonly definition: CustomResourceDefinition;
  readonly terminating: boolean;
  /** The revision from which on the definition has said the same. */
  readonly since: number;
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
      if (!isTrue(definition, 'Established')) continue;
      const terminating = isTrue(definition, 'Terminating');
      const before = this.#served.get(name);
      const same = before !== undefined && isUnchanged(before.definition, definition);
      if (same && before.terminating === terminating) continue;
      const since = same ? before.since : entry.revision;
      const kind = customKind(this.#besideBuiltIn(definition), this.#parts, {
        since,
        terminating,
        resourceName: resourceNameOf(this.#kinds, name),
      });
      if (kind === undefined) continue;
      this.#served.set(name, { definition, terminating, since });
      changed.push(kind);
    }
    this.#kinds.addAll(changed);
  }

  /** Ends serving the resource of a definition that is gone. */
  remove(name: string): void {
    if (this.#served.delete(name)) this.#kinds.remove(resourceNameOf(this.#kinds, name));
  }

  /**
   * A definition serves nothing in a group and version of Kubernetes itself, whose paths upstream's router keeps for
   * built-in kinds. Source: apiserver pkg/server/handler.go (director).
   */
  #besideBuiltIn(definition: CustomResourceDefinition): CustomResourceDefinition {
    const { spec } = definition;
    if (!isBuiltInGroup(spec.group)) return definition;
    const builtIn = this.#kinds.all.filter((kind) => !isCustom(kind)).flatMap(servedVersions);
    const taken = new Set(builtIn.filter(({ group }) => group === spec.group).map(({ version }) => version));
    const versions = spec.versions.map((version) => (taken.has(version.name) ? { ...version, served: false } : version));
    return { ...definition, spec: { ...spec, versions } };
  }
}

/** Whether two states of a definition make the same Kind, but for its termination. */
const isUnchanged = (before: CustomResourceDefinition, { spec, status }: CustomResourceDefinition): boolean =>
  (before.spec === spec || deepEqual(before.spec, spec)) && deepEqual(before.status.acceptedNames, status.acceptedNames);
