/**
 * Which of a definition's names it may have: those that no other definition of its group has. Source:
 * apiextensions-apiserver pkg/controller/status/naming_controller.go.
 */
import { deepEqual } from '../../deep-equal.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionNames } from '../../generated/apiextensions/v1.ts';
import type { NewCondition } from './conditions.ts';

/** The names that the definitions of a group have. */
export interface TakenNames {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

/** `definitions`: all of the group. */
export function takenNames(definitions: readonly CustomResourceDefinition[]): TakenNames {
  const names = definitions.map(({ status }) => status.acceptedNames);
  const present = (all: readonly (string | undefined)[]): ReadonlySet<string> =>
    new Set(all.filter((name) => name !== undefined && name !== '') as string[]);
  return {
    resources: present(names.flatMap(({ plural, singular, shortNames = [] }) => [plural, singular, ...shortNames])),
    kinds: present(names.flatMap(({ kind, listKind }) => [kind, listKind])),
  };
}

export interface Acceptance {
  readonly names: CustomResourceDefinitionNames;
  readonly condition: NewCondition;
}

const inUse = (name: string): string => `${JSON.stringify(name)} is already in use`;

/** Each name that can be had is; the condition tells the last conflict. */
export function acceptNames({ spec, status }: CustomResourceDefinition, taken: TakenNames): Acceptance {
  const asked = spec.names;
  const had = status.acceptedNames;
  const conflicts: (readonly [reason: string, message: string])[] = [];
  const choose = (field: 'plural' | 'singular' | 'kind' | 'listKind', used: ReadonlySet<string>, reason: string): string | undefined => {
    const name = asked[field] ?? '';
    if (name === (had[field] ?? '') || !used.has(name)) return name;
    conflicts.push([reason, inUse(name)]);
    return had[field];
  };
  const plural = choose('plural', taken.resources, 'PluralConflict') ?? '';
  const singular = choose('singular', taken.resources, 'SingularConflict');
  const shortNames = chooseShortNames(asked, had, taken, conflicts);
  const kind = choose('kind', taken.kinds, 'KindConflict') ?? '';
  const listKind = choose('listKind', taken.kinds, 'ListKindConflict');
  const names: CustomResourceDefinitionNames = {
    plural,
    ...(singular === undefined ? {} : { singular }),
    ...(shortNames === undefined ? {} : { shortNames }),
    kind,
    ...(listKind === undefined ? {} : { listKind }),
    ...(asked.categories === undefined ? {} : { categories: asked.categories }),
  };
  const [reason, message] = conflicts.at(-1) ?? ['NoConflicts', 'no conflicts found'];
  return { names, condition: { type: 'NamesAccepted', status: conflicts.length === 0 ? 'True' : 'False', reason, message } };
}

/** All short names or none of the new ones. */
function chooseShortNames(
  asked: CustomResourceDefinitionNames,
  had: CustomResourceDefinitionNames,
  taken: TakenNames,
  conflicts: (readonly [reason: string, message: string])[],
): readonly string[] | undefined {
  if (deepEqual(asked.shortNames ?? [], had.shortNames ?? [])) return had.shortNames;
  const own = new Set(had.shortNames ?? []);
  const used = (asked.shortNames ?? []).filter((name) => !own.has(name) && taken.resources.has(name));
  if (used.length === 0) return asked.shortNames;
  const messages = [...new Set(used.map(inUse))];
  conflicts.push(['ShortNamesConflict', messages.length === 1 ? (messages[0] ?? '') : `[${messages.join(', ')}]`]);
  return had.shortNames;
}
