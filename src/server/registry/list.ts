/**
 * The list verb: selectors, pages, and the semantics of resourceVersion. Source: apiserver pkg/storage/etcd3/store.go
 * (GetList).
 */
import { type FieldError, FieldPath, fieldErrors } from '../../api/field-error.ts';
import { StatusError, statusErrors } from '../../api/status-error.ts';
import { CompactedError, type Entry, type ListOptions, type ListResult, storeKey, storePrefix } from '../store/store.ts';
import { type Continuation, decodeContinue, encodeContinue, expiredContinue, expiredList, isOutOfDate } from './continue-token.ts';
import type { ListAnswer, ListRequest, Target } from './registry.ts';
import type { RegistryParts } from './registry-parts.ts';
import { parseResourceVersion, requireNotTooLarge } from './resource-version.ts';
import { compileSelection, type Selection } from './selection.ts';
import { currentEntries } from './stored-form.ts';

/**
 * Lists a collection. Throws StatusError: 400 on bad selectors or tokens, 410 on expired ones, 422 on contradictory
 * options. Rejects with the error of a conversion.
 */
export function list(parts: RegistryParts, target: Target, request: ListRequest): ListAnswer | Promise<ListAnswer> {
  validateOptions(request);
  const selection = compileSelection(target, request);
  const prefix = prefixOf(target);
  const from = request.continue === '' ? undefined : continuation(request, prefix);
  // The fields of a custom resource are those of the version that is asked for.
  const converts = selection.byFields && target.kind.storage?.form !== undefined;
  const named = converts ? undefined : namedEntry(parts, target, request, selection);
  if (named !== undefined)
    return { entries: named, resourceVersion: String(parts.store.revision), continue: '', remainingItemCount: undefined };
  const found = read(parts, { request, prefix, from, selection });
  const page: Page = { prefix, limit: request.limit, selection, begunMs: from?.begunMs ?? parts.now() };
  const entries = converts ? currentEntries(target.kind, found.entries) : found.entries;
  const answered = (all: readonly Entry[]): ListAnswer => {
    const answer = selected({ ...found, entries: all }, page);
    if (answer.continue !== '' || answer.entries.length > longList) parts.store.hold(found.revision);
    return answer;
  };
  return entries instanceof Promise ? entries.then(answered) : answered(entries);
}

/** Who lists more objects than this needs time to read them, before the watch that usually follows begins. */
const longList = 500;

/**
 * The key prefix of a collection. For cluster-scoped kinds it includes the empty namespace, which must not appear in
 * continue tokens.
 */
export const prefixOf = ({ kind, namespace }: Target): string =>
  kind.scope === 'Cluster' ? storeKey(kind.resourceName, '', '') : storePrefix(kind.resourceName, namespace);

/** Looks an object up directly when a field selector names it. Undefined when that is not possible. */
function namedEntry(
  parts: RegistryParts,
  { kind, namespace }: Target,
  request: ListRequest,
  selection: Selection,
): readonly Entry[] | undefined {
  const plain = request.continue === '' && request.resourceVersionMatch !== 'Exact';
  if (selection.name === undefined || !plain || (kind.scope === 'Namespaced' && namespace === '')) return undefined;
  requireNotTooLarge(parseResourceVersion(request.resourceVersion), parts.store.revision);
  const entry = parts.store.get(storeKey(kind.resourceName, kind.scope === 'Cluster' ? '' : namespace, selection.name));
  return entry !== undefined && selection.matches(entry.object) ? [entry] : [];
}

function continuation(request: ListRequest, prefix: string): Continuation {
  if (request.resourceVersion !== '' && request.resourceVersion !== '0') {
    throw statusErrors.badRequest('specifying resource version is not allowed when using continue');
  }
  return decodeContinue(request.continue, prefix);
}

interface Reading {
  readonly request: ListRequest;
  readonly prefix: string;
  readonly from: Continuation | undefined;
  readonly selection: Selection;
}

/** The options with which a store reads the current state for a selection. */
export const readOptions = ({ topic }: Selection): ListOptions => (topic === undefined ? {} : { topic });

function read({ store, now }: RegistryParts, { request, prefix, from, selection }: Reading): ListResult {
  if (from !== undefined && isOutOfDate(from, now())) throw expiredContinue(from.after, prefix);
  const options: ListOptions = {
    ...(from === undefined ? {} : { after: from.after }),
    ...(selection.empty && request.limit > 0 ? { limit: request.limit } : {}),
  };
  const requested = parseResourceVersion(request.resourceVersion);
  requireNotTooLarge(requested, store.revision);
  const revision = from?.revision ?? (isExact(request) ? requested : -1);
  if (revision === -1) return store.list(prefix, { ...options, ...readOptions(selection) });
  requireNotTooLarge(revision, store.revision);
  try {
    return store.listAt(prefix, revision, options);
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    throw from === undefined ? expiredList() : expiredContinue(from.after, prefix);
  }
}

/**
 * A list with a limit and a resource version, but without resourceVersionMatch, is exact. Source: etcd3 GetList,
 * resource version semantics page.
 */
const isExact = ({ resourceVersion, resourceVersionMatch, limit }: ListRequest): boolean =>
  resourceVersionMatch === 'Exact' || (resourceVersionMatch === '' && limit > 0 && resourceVersion !== '' && resourceVersion !== '0');

interface Page {
  readonly prefix: string;
  /** 0: no limit. */
  readonly limit: number;
  readonly selection: Selection;
  /** When the first page was read, in milliseconds since the epoch. */
  readonly begunMs: number;
}

function selected({ entries, revision, remaining }: ListResult, { prefix, limit, selection, begunMs }: Page): ListAnswer {
  const resourceVersion = String(revision);
  const answer = (page: readonly Entry[], left: number): ListAnswer => {
    const last = page.at(-1);
    if (left === 0 || last === undefined) return { entries: page, resourceVersion, continue: '', remainingItemCount: undefined };
    const token = encodeContinue({ revision, after: last.key, begunMs }, prefix);
    return { entries: page, resourceVersion, continue: token, remainingItemCount: selection.empty ? left : undefined };
  };
  if (selection.empty) return answer(entries, remaining);
  const page: Entry[] = [];
  // An index loop: it runs over every object of a collection, and an iterator of pairs would cost more than the
  // matching.
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index];
    if (entry === undefined || !selection.matches(entry.object)) continue;
    page.push(entry);
    if (page.length === limit) return answer(page, entries.length - index - 1);
  }
  return answer(page, 0);
}

/** Source: apimachinery pkg/apis/meta/internalversion/validation/validation.go. */
function validateOptions({ resourceVersion, resourceVersionMatch: match, continue: token, limit }: ListRequest): void {
  const errors: FieldError[] = [];
  const at = FieldPath.root.field('resourceVersionMatch');
  if (match !== '') {
    if (resourceVersion === '')
      errors.push(fieldErrors.forbidden(at, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (token !== '') errors.push(fieldErrors.forbidden(at, 'resourceVersionMatch is forbidden when continue is provided'));
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(fieldErrors.notSupported(at, match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && resourceVersion === '0') {
      errors.push(fieldErrors.forbidden(at, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (errors.length > 0) throw statusErrors.invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
  if (limit < 0) throw new StatusError({ code: 400, reason: 'BadRequest', message: 'limit must be greater than or equal to zero' });
}
