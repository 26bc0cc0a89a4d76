/**
 * Server-side apply and the ownership of fields, as the server does them: reads `metadata.managedFields`, finds the new
 * owners, and writes them back. Objects are in the version of the request. Source: apimachinery
 * pkg/util/managedfields/internal (fieldmanager.go, skipnonapplied.go, lastappliedmanager.go, lastappliedupdater.go,
 * structuredmerge.go, versioncheck.go).
 */
import type { ManagedFieldsEntry } from '../generated/meta/v1.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import type { GroupVersionKind } from '../object.ts';
import { StatusError, statusErrors } from '../status-error.ts';
import { compare } from './compare.ts';
import { ConflictsError, conflictStatus } from './conflicts.ts';
import { conformError } from './conform.ts';
import { difference, type FieldSet, hasPath } from './field-set.ts';
import type { FieldSetPool } from './field-set-pool.ts';
import { buildLastApplied, lastAppliedOf, withLastApplied } from './last-applied.ts';
import { type Applied, ownApply } from './own-apply.ts';
import { ownUpdate } from './own-update.ts';
import { ManagedFieldsError, type OwnerName, type Owners, readOwners, writeOwners } from './owners.ts';
import { toFieldSet } from './to-field-set.ts';
import type { Versions } from './versions.ts';

type Entries = readonly ManagedFieldsEntry[];

/** One write, through a version of the main resource or of a sub-resource. */
export interface ManagedWrite {
  readonly type: GroupVersionKind;
  readonly apiVersion: string;
  readonly subresource: string;
  readonly versions: Versions;
  readonly pool: FieldSetPool;
  /** The object before; for a creation, an object of the type without anything set. */
  readonly live: JsonObject;
  readonly creates: boolean;
  /** An object of the type without anything set. */
  readonly empty: JsonObject;
  readonly manager: string;
  /** RFC 3339. */
  readonly now: () => string;
}

const metaOf = (object: JsonObject): JsonObject => (isObject(object.metadata) ? object.metadata : {});

/** The managed fields of an object. */
export const entriesOf = (object: JsonObject): Entries => {
  const { managedFields } = metaOf(object);
  // Decoded objects hold entries.
  return Array.isArray(managedFields) ? (managedFields as unknown as Entries) : [];
};

/** Whether a client asks to forget all owners: with one entry that is empty. */
const isReset = (entries: Entries): boolean => entries.length === 1 && entries[0] !== undefined && Object.keys(entries[0]).length === 0;

/** Owners that an object tells of; none when that cannot be read. */
function ownersOr(entries: Entries, pool: FieldSetPool): Owners | undefined {
  try {
    const owners = readOwners(entries, pool);
    return owners.size === 0 ? undefined : owners;
  } catch (error) {
    if (error instanceof ManagedFieldsError) return undefined;
    throw error;
  }
}

/** A copy without managed fields. */
function unmanaged(object: JsonObject): JsonObject {
  const { managedFields, ...metadata } = metaOf(object);
  return managedFields === undefined ? object : { ...object, metadata };
}

const ownerName = ({ manager, apiVersion, subresource }: ManagedWrite, operation: OwnerName['operation']): OwnerName => ({
  manager: manager === '' ? 'unknown' : manager,
  operation,
  apiVersion,
  subresource,
});

/** The managed fields after a create, an update or a patch; undefined when there are none. */
export async function managedAfterUpdate(write: ManagedWrite, object: JsonObject): Promise<Entries | undefined> {
  const { live, pool, subresource, creates } = write;
  const [sent, before] = [entriesOf(object), entriesOf(live)];
  // A sub-resource cannot set managed fields, and a client that knows nothing of them must not remove them.
  const own = subresource !== '' || sent === before ? undefined : isReset(sent) ? (new Map() as Owners) : ownersOr(sent, pool);
  const owners = own ?? ownersOr(before, pool) ?? (new Map() as Owners);
  // Objects that nobody tracks stay so until they are applied.
  if (owners.size === 0 && !creates) return undefined;
  const step = { ...write, before: unmanaged(live), after: unmanaged(object), writer: ownerName(write, 'Update') };
  const next = await ownUpdate(step, owners);
  return next === owners && own === undefined && before.length > 0 ? before : writeOwners(next, pool);
}

/**
 * Merges a configuration into the live object. The result has its new managed fields, and still has to be decoded.
 * Rejects with StatusError.
 */
export async function applied(write: ManagedWrite, config: JsonObject, force: boolean): Promise<JsonObject> {
  requireApplicable(write, config);
  const { pool, live, manager } = write;
  let owners: Owners;
  try {
    owners = readOwners(entriesOf(live), pool);
  } catch (error) {
    if (error instanceof ManagedFieldsError) throw failure(`failed to decode managed fields: ${error.message}`);
    throw error;
  }
  try {
    const result = await applyAsKubectl(write, { config, force, owners });
    const object = withEntries(result.object ?? live, writeOwners(result.owners, pool));
    return manager === 'kubectl' && lastAppliedOf(object) !== '' ? withLastApplied(object, buildLastApplied(config)) : object;
  } catch (error) {
    throw error instanceof ConflictsError ? conflictStatus(error) : error;
  }
}

const failure = (message: string): StatusError => new StatusError({ code: 500, message });

const gvkText = (apiVersion: JsonValue | undefined, kind: JsonValue | undefined): string => {
  const version = typeof apiVersion === 'string' ? apiVersion : '';
  return `${version.includes('/') ? version : `/${version}`}, Kind=${typeof kind === 'string' ? kind : ''}`;
};

/** Throws StatusError when the configuration is of another type, or does not fit it. */
function requireApplicable({ type: { kind }, apiVersion, versions }: ManagedWrite, config: JsonObject): void {
  const gvk = gvkText(config.apiVersion, config.kind);
  if (gvk !== gvkText(apiVersion, kind)) throw statusErrors.badRequest(`invalid object type: ${gvk}`);
  const { name, namespace, managedFields } = metaOf(config);
  if (Array.isArray(managedFields) && managedFields.length > 0) throw statusErrors.badRequest('metadata.managedFields must be nil');
  const error = conformError(versions.typeOf(apiVersion) ?? {}, config);
  if (error === undefined) return;
  const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
  throw failure(`failed to create typed patch object (${text(namespace)}/${text(name)}; ${gvk}): ${error}`);
}

interface Application {
  readonly config: JsonObject;
  readonly force: boolean;
  readonly owners: Owners;
}

/**
 * Applies; conflicts over what kubectl itself has applied from the client, and nobody changed since, are none. Rejects
 * with ConflictsError.
 */
async function applyAsKubectl(write: ManagedWrite, application: Application): Promise<Applied> {
  try {
    return await applyTracked(write, application);
  } catch (error) {
    if (write.manager !== 'kubectl' || !(error instanceof ConflictsError)) throw error;
    const allowed = allowedConflicts(write);
    const left = allowed === undefined ? error.conflicts : error.conflicts.filter(({ path }) => !hasPath(allowed, path));
    if (left.length > 0) throw new ConflictsError(left);
    return applyTracked(write, { ...application, force: true });
  }
}

/** What kubectl has applied from the client and the object still has; undefined when that cannot be told. */
function allowedConflicts({ live, versions, apiVersion }: ManagedWrite): FieldSet | undefined {
  const text = lastAppliedOf(live);
  const type = versions.typeOf(apiVersion);
  if (text === '' || type === undefined) return undefined;
  let last: JsonValue;
  try {
    // JSON.parse returns only JSON values.
    last = JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
  if (!isObject(last) || last.apiVersion !== apiVersion || conformError(type, last) !== undefined) return undefined;
  const { modified, added, removed } = compare(type, last, live);
  return difference(difference(difference(toFieldSet(type, last), modified), added), removed);
}

/** Applies. What an object has whose owners nobody has tracked belongs to `before-first-apply`. */
async function applyTracked(write: ManagedWrite, { config, force, owners }: Application): Promise<Applied> {
  const before = unmanaged(write.live);
  let existing = owners;
  if (owners.size === 0) {
    const writer = ownerName({ ...write, manager: 'before-first-apply' }, 'Update');
    existing = await ownUpdate({ ...write, before: write.empty, after: before, writer }, owners);
  }
  return ownApply({ ...write, before, config, force, applier: ownerName(write, 'Apply') }, existing);
}

function withEntries(object: JsonObject, entries: Entries | undefined): JsonObject {
  const { managedFields: _, ...metadata } = metaOf(object);
  return {
    ...object,
    metadata: entries === undefined ? metadata : { ...metadata, managedFields: entries as unknown as readonly JsonValue[] },
  };
}

/** What is wrong with the managed fields of an object; undefined when they can be read. */
export function managedFieldsProblem(entries: Entries, pool: FieldSetPool): string | undefined {
  try {
    readOwners(entries, pool);
    return undefined;
  } catch (error) {
    if (error instanceof ManagedFieldsError) return error.message;
    throw error;
  }
}
