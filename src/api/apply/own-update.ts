/**
 * Owners after a create, an update or a patch: the writer owns what it has changed. Source: apimachinery
 * pkg/util/managedfields/internal (fieldmanager.go and the managers that it wraps), structured-merge-diff
 * merge/update.go (Update).
 */
import { difference, isEmptySet, setOf, union } from './field-set.ts';
import { byAge, maxUpdaters, type Owner, type OwnerName, type Owners, ownerId } from './owners.ts';
import { changesOf, compareStep, disown, isUnchanged, reconcileOwners, type Step } from './versions.ts';

/** Metadata that nobody owns. Source: internal/stripmeta.go. */
export const unownedFields = setOf(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields', 'resourceVersion'].map(
    (name) => ['f:metadata', `f:${name}`],
  ),
);

export interface UpdateStep extends Step {
  readonly writer: OwnerName;
  /** RFC 3339. */
  readonly now: () => string;
}

/** Returns the same owners when the write changes nothing that anyone could own. */
export async function ownUpdate(step: UpdateStep, owners: Owners): Promise<Owners> {
  const comparison = compareStep(step);
  if (isUnchanged(comparison)) return owners;
  const others = await disown(step, comparison, reconcileOwners(step, owners), '', true);
  const changes = changesOf(comparison);
  const own = difference(step.versions.changeable(changes, step.apiVersion), unownedFields);
  if (isEmptySet(own)) return others;
  const id = ownerId(step.writer);
  // What the writer has owned before is looked at from its old set, which mostly has these changes already.
  const before = owners.get(id);
  const reconciled = before === undefined ? undefined : step.pool.reconciled(step.versions.typeOf(before.apiVersion) ?? {}, before.set);
  const set =
    reconciled === undefined
      ? union(own, others.get(id)?.set ?? {})
      : difference(union(difference(reconciled, comparison.removed), own), difference(changes, own));
  const next = new Map(others);
  next.set(id, { ...step.writer, set, time: step.now() });
  return capped(next);
}

/**
 * Puts the oldest updates of each version together when there are too many. Source: internal/capmanagers.go
 * (capUpdateManagers).
 */
function capped(owners: Owners): Owners {
  const updates = [...owners].filter(([, { operation }]) => operation === 'Update');
  let surplus = updates.length - maxUpdaters;
  if (surplus <= 0) return owners;
  const firstOfVersion = new Map<string, string>();
  for (const [id, owner] of updates.sort(byAge)) {
    if (surplus <= 0) break;
    const { apiVersion } = owner;
    const first = firstOfVersion.get(apiVersion);
    if (first === undefined) {
      firstOfVersion.set(apiVersion, id);
      continue;
    }
    const name: OwnerName = { manager: 'ancient-changes', operation: 'Update', apiVersion, subresource: '' };
    const bucketId = ownerId(name);
    let bucket: Owner | undefined = owners.get(bucketId);
    if (bucket === undefined) {
      bucket = owners.get(first);
      owners.delete(first);
    }
    owners.delete(id);
    owners.set(bucketId, { ...name, set: union(owner.set, bucket?.set ?? {}), time: owner.time });
    surplus--;
  }
  return owners;
}
