/** Conflicts of an apply with other owners. Source: apimachinery pkg/util/managedfields/internal/conflict.go. */
import { type StatusCause, StatusError } from '../status-error.ts';
import { eachPath, type FieldSet, type Path, printPath } from './field-set.ts';
import { type Owner, ownerId } from './owners.ts';
import { compareBytes } from './path-element.ts';

export interface Conflict {
  readonly owner: Owner;
  readonly path: Path;
}

/** Thrown when an apply changes what others own. */
export class ConflictsError extends Error {
  readonly conflicts: readonly Conflict[];

  constructor(conflicts: readonly Conflict[]) {
    super('fields are owned by others');
    this.conflicts = conflicts;
  }
}

/** One conflict for each path of each owner's set; owners in the order of their identities. */
export function conflictsOf(sets: ReadonlyMap<Owner, FieldSet>): readonly Conflict[] {
  const conflicts: Conflict[] = [];
  for (const [owner, set] of [...sets].sort(([a], [b]) => compareBytes(ownerId(a), ownerId(b)))) {
    eachPath(set, (path) => conflicts.push({ owner, path }));
  }
  return conflicts;
}

function printOwner({ manager, operation, apiVersion, subresource }: Owner): string {
  const name = `${JSON.stringify(manager)}${subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`}`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}

function messageOf(conflicts: readonly Conflict[]): string {
  const [first, ...others] = conflicts;
  if (first !== undefined && others.length === 0) {
    return `Apply failed with 1 conflict: conflict with ${printOwner(first.owner)}: ${printPath(first.path)}`;
  }
  const byOwner = Map.groupBy(conflicts, ({ owner }) => ownerId(owner));
  const lines = [...byOwner.values()].flatMap((same) => {
    const owner = same[0]?.owner;
    return owner === undefined ? [] : [`conflicts with ${printOwner(owner)}:`, ...same.map(({ path }) => `- ${printPath(path)}`)];
  });
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

/** The Status that the client gets: 409, with a cause for each field. */
export function conflictStatus({ conflicts }: ConflictsError): StatusError {
  const causes = conflicts.map(
    ({ owner, path }): StatusCause => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${printOwner(owner)}`,
      field: printPath(path),
    }),
  );
  return new StatusError({ code: 409, reason: 'Conflict', message: messageOf(conflicts), details: { causes } });
}
