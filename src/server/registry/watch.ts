/**
 * The watch verb: initial state, live events that match the selectors, bookmarks. Source: apiserver
 * pkg/storage/cacher/{cacher,cache_watcher,watch_cache}.go.
 */
import { type FieldError, FieldPath, fieldErrors } from '../../api/field-error.ts';
import { statusErrors } from '../../api/status-error.ts';
import { CompactedError, type Entry, type StoreEvent, storeKey } from '../store/store.ts';
import { atRevision, unstoredEntry } from './commit.ts';
import { prefixOf, readOptions } from './list.ts';
import type { RequestContext, Target, WatchOutput, WatchRequest, WatchSession } from './registry.ts';
import type { RegistryParts } from './registry-parts.ts';
import { parseReadVersion, requireNotTooLarge } from './resource-version.ts';
import { compileSelection, type Selection } from './selection.ts';
import { tooOld } from './store-errors.ts';
import { currentEntries } from './stored-form.ts';

type Deliver = (batch: readonly WatchOutput[]) => void;

/**
 * Starts a watch. Initial events are delivered before this returns, live ones synchronously after each commit. Closes
 * when the context's signal aborts. Throws StatusError: 400, 422 and 500 for bad options; 410 when the revision is no
 * longer in the change log; 504 when the initial events are requested at a revision that the store has not reached: see
 * `Registry.untilFresh`.
 */
export function watch(
  parts: RegistryParts,
  context: RequestContext,
  target: Target,
  request: WatchRequest,
  deliver: Deliver,
): WatchSession {
  validateOptions(request);
  const selection = compileSelection(target, request);
  const prefix = watchedPrefix(target, selection);
  const { store } = parts;
  const requested = parseReadVersion(request.resourceVersion);
  const initial = request.sendInitialEvents ?? requested === 0;
  // The fields of a custom resource are those of the version that is asked for. Everything then waits its turn.
  const converts = selection.byFields && target.kind.storage?.form !== undefined;
  const inTurn = converts ? sequence(() => close()) : (act: () => Promise<void> | void): void => void act();
  const bookmarks = request.allowBookmarks
    ? parts.bookmarks.add((revision) => inTurn(() => deliver([{ type: 'BOOKMARK', revision, initialEventsEnd: false }])))
    : undefined;
  if (initial) {
    requireNotTooLarge(requested, store.revision);
    const { entries } = store.list(prefix, readOptions(selection));
    const { revision } = store;
    if (!converts) deliverInitial(entries, selection, request, revision, deliver);
    else inTurn(async () => deliverInitial(await convertedIfPossible(target, entries), selection, request, revision, deliver));
    bookmarks?.sent(store.revision);
  }
  const from = initial || requested === 0 ? store.revision : requested;
  const handle = startWatch(() =>
    store.watch(prefix, from, (events) => {
      if (converts) {
        inTurn(async () => {
          const batch = await selectConverted(parts, target, events, selection);
          bookmarks?.sent(events.at(-1)?.revision ?? 0);
          if (batch.length > 0) deliver(batch);
        });
        return;
      }
      // Watches without selectors are all given the store's own array. The HTTP layer encodes an array once and shares
      // its frames between watches.
      const batch: readonly WatchOutput[] = selection.empty ? events : events.flatMap((event) => select(parts, event, selection));
      if (batch.length === 0) return;
      bookmarks?.sent(events.at(-1)?.revision ?? 0);
      deliver(batch);
    }),
  );
  const close = (): void => {
    handle.close();
    bookmarks?.close();
    context.signal.removeEventListener('abort', close);
  };
  context.signal.addEventListener('abort', close, { once: true });
  return { close };
}

/**
 * Returns a function that runs one act after the other. After one that fails, `onFailure` is called, and no more run.
 */
function sequence(onFailure: () => void): (act: () => Promise<void> | void) => void {
  let last: Promise<void> = Promise.resolve();
  let failed = false;
  return (act) => {
    last = last
      .then(() => (failed ? undefined : act()))
      .catch(() => {
        failed = true;
        onFailure();
      });
  };
}

/** Entries whose conversion fails stay as they are: see `selectConverted`. */
async function convertedIfPossible({ kind }: Target, entries: readonly Entry[]): Promise<readonly Entry[]> {
  try {
    return await currentEntries(kind, entries);
  } catch {
    return entries;
  }
}

/**
 * What a watch is sent of events whose objects have to be converted first. When that fails all are sent: whoever writes
 * them out needs the same conversion, and tells the client of the failure.
 */
async function selectConverted(
  parts: RegistryParts,
  { kind }: Target,
  events: readonly StoreEvent[],
  selection: Selection,
): Promise<readonly WatchOutput[]> {
  try {
    const entries = await currentEntries(
      kind,
      events.flatMap(({ entry, previous }) => [entry, previous ?? entry]),
    );
    return events.flatMap((event, i) => {
      const entry = entries[2 * i] ?? event.entry;
      const shown = event.type === 'ADDED' ? { ...event, entry } : { ...event, entry, previous: entries[2 * i + 1] ?? event.previous };
      return select(parts, shown, selection);
    });
  } catch {
    return events;
  }
}

/** A watch of one object registers for that key only, because many clients each wait for a single object. */
function watchedPrefix(target: Target, { name }: Selection): string {
  const { kind, namespace } = target;
  if (name === undefined || (kind.scope === 'Namespaced' && namespace === '')) return prefixOf(target);
  return storeKey(kind.resourceName, kind.scope === 'Cluster' ? '' : namespace, name);
}

function startWatch<T>(start: () => T): T {
  try {
    return start();
  } catch (error) {
    throw error instanceof CompactedError ? tooOld(error) : error;
  }
}

function deliverInitial(entries: readonly Entry[], selection: Selection, request: WatchRequest, revision: number, deliver: Deliver): void {
  const batch: WatchOutput[] = entries
    .filter((entry) => selection.empty || selection.matches(entry.object))
    .map((entry) => ({ type: 'ADDED', entry }));
  if (request.sendInitialEvents === true && request.allowBookmarks) batch.push({ type: 'BOOKMARK', revision, initialEventsEnd: true });
  if (batch.length > 0) deliver(batch);
}

/**
 * Turns an event into what a watch with selectors is sent: an object that starts matching is ADDED, one that stops
 * matching is DELETED.
 */
function select(parts: RegistryParts, event: StoreEvent, selection: Selection): readonly WatchOutput[] {
  const now = event.type !== 'DELETED' && selection.matches(event.entry.object);
  const before = event.previous !== undefined && selection.matches(event.previous.object);
  if (now) return [{ type: before ? 'MODIFIED' : 'ADDED', entry: event.entry }];
  return before && event.previous !== undefined ? [{ type: 'DELETED', entry: lastSeen(parts, event, event.previous) }] : [];
}

/** The object's last matching state, at the revision of the event by which it stopped matching. */
function lastSeen({ departures }: RegistryParts, event: StoreEvent, previous: Entry): Entry {
  if (event.type === 'DELETED') return event.entry;
  const known = departures.get(event);
  if (known !== undefined) return known;
  const entry = unstoredEntry(previous.key, atRevision(previous.object, event.revision), event.revision);
  departures.set(event, entry);
  return entry;
}

/** Source: apimachinery pkg/apis/meta/internalversion/validation/validation.go (validateWatchOptions). */
function validateOptions({ resourceVersionMatch: match, sendInitialEvents }: WatchRequest): void {
  const at = FieldPath.root.field('resourceVersionMatch');
  const errors: FieldError[] = [];
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(fieldErrors.forbidden(at, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  }
  if (match !== '') {
    if (sendInitialEvents === undefined) {
      errors.push(fieldErrors.forbidden(at, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
    }
    if (match !== 'NotOlderThan') errors.push(fieldErrors.notSupported(at, match, ['NotOlderThan']));
  }
  if (errors.length > 0) throw statusErrors.invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
}
