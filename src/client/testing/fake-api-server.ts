/**
 * A tiny API server for tests of the client folder: objects in a map, a revision, watches with a bounded log. No
 * admission, no validation.
 */
import type { JsonObject, JsonValue } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import type { ApiVerbs, StoredObject, Target, WatchOutputOf } from '../../api/requests.ts';
import { statusErrors } from '../../api/status-error.ts';

interface Logged {
  readonly revision: number;
  readonly key: string;
  readonly output: WatchOutputOf<StoredObject>;
}

const keyOf = ({ kind, namespace, name }: Target): string => `${kind.plural}/${namespace}/${name}`;
const groupResource = ({ kind }: Target) => ({ group: kind.group, resource: kind.plural });
const now = '2026-01-01T00:00:00Z';

export class FakeApiServer implements ApiVerbs {
  revision = 1;
  /** Events up to this revision are gone: watches from before it fail with 410. */
  compacted = 0;
  /** Errors that the next calls of a verb throw, in order. */
  readonly failures: { readonly verb: string; readonly error: Error }[] = [];
  readonly #objects = new Map<string, KubeObject>();
  readonly #log: Logged[] = [];
  readonly #watches = new Set<{ readonly prefix: string; readonly deliver: (batch: readonly WatchOutputOf<StoredObject>[]) => void }>();

  get watchCount(): number {
    return this.#watches.size;
  }

  async get(_context: unknown, target: Target): Promise<StoredObject> {
    this.#maybeFail('get');
    return { object: this.#existing(target) };
  }

  async list(_context: unknown, target: Target) {
    this.#maybeFail('list');
    const prefix = keyOf(target).replace(/\/+$/, '/');
    const entries = [...this.#objects].filter(([key]) => key.startsWith(prefix)).map(([, object]) => ({ object }));
    return { entries, resourceVersion: String(this.revision), continue: '', remainingItemCount: undefined };
  }

  watch(
    _context: unknown,
    target: Target,
    request: { readonly resourceVersion: string },
    deliver: (batch: readonly WatchOutputOf<StoredObject>[]) => void,
  ) {
    this.#maybeFail('watch');
    const from = Number(request.resourceVersion);
    if (from < this.compacted) throw statusErrors.expired(`too old resource version: ${from} (${this.compacted})`);
    const prefix = keyOf(target).replace(/\/+$/, '/');
    const missed = this.#log.filter((entry) => entry.revision > from && entry.key.startsWith(prefix)).map((entry) => entry.output);
    if (missed.length > 0) deliver(missed);
    const watch = { prefix, deliver };
    this.#watches.add(watch);
    return { close: () => this.#watches.delete(watch) };
  }

  async create(_context: unknown, target: Target, body: { readonly json: JsonValue }) {
    this.#maybeFail('create');
    const key = keyOf(target);
    if (this.#objects.has(key)) throw statusErrors.alreadyExists(groupResource(target), target.name);
    return { entry: this.#put('ADDED', target, { uid: `uid-${this.revision + 1}`, creationTimestamp: now }, body.json), created: true };
  }

  async update(_context: unknown, target: Target, body: { readonly json: JsonValue }) {
    this.#maybeFail('update');
    const old = this.#existing(target);
    // Tests send objects.
    const { metadata } = body.json as unknown as KubeObject;
    if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== old.metadata.resourceVersion) {
      throw statusErrors.modified(groupResource(target), target.name);
    }
    return { entry: this.#put('MODIFIED', target, old.metadata, body.json), created: false };
  }

  async patch(_context: unknown, target: Target, patch: { readonly body: JsonValue }) {
    this.#maybeFail('patch');
    const old = this.#existing(target);
    return { entry: this.#put('MODIFIED', target, old.metadata, merge(old as unknown as JsonValue, patch.body)), created: false };
  }

  async delete(_context: unknown, target: Target) {
    this.#maybeFail('delete');
    const object = this.#existing(target);
    this.#remove(target, object);
    return { type: 'deleted', entry: { object } } as const;
  }

  async deleteCollection(_context: unknown, target: Target) {
    const list = await this.list(undefined, target);
    for (const { object } of list.entries) {
      this.#remove({ ...target, namespace: object.metadata.namespace ?? '', name: object.metadata.name }, object);
    }
    return list;
  }

  async order(_context: unknown, target: Target, { json }: { readonly json: JsonValue }): Promise<JsonObject> {
    return { kind: 'Echo', verb: 'create', name: target.name, subresource: target.subresource, body: json };
  }

  #put(type: 'ADDED' | 'MODIFIED', target: Target, base: Partial<KubeObject['metadata']>, json: JsonValue): StoredObject {
    // Tests send objects.
    const sent = json as unknown as KubeObject;
    const resourceVersion = String(++this.revision);
    const metadata = { ...base, ...sent.metadata, uid: base.uid ?? '', creationTimestamp: now, resourceVersion };
    const object: KubeObject = Object.freeze({
      ...sent,
      apiVersion: target.kind.apiVersion,
      kind: target.kind.kind,
      metadata: Object.freeze(metadata),
    });
    this.#objects.set(keyOf(target), object);
    this.#emit(keyOf(target), { type, entry: { object } });
    return { object };
  }

  #remove(target: Target, old: KubeObject): void {
    this.#objects.delete(keyOf(target));
    const object = Object.freeze({ ...old, metadata: { ...old.metadata, resourceVersion: String(++this.revision) } });
    this.#emit(keyOf(target), { type: 'DELETED', entry: { object } });
  }

  #emit(key: string, output: WatchOutputOf<StoredObject>): void {
    this.#log.push({ revision: this.revision, key, output });
    for (const { prefix, deliver } of this.#watches) if (key.startsWith(prefix)) deliver([output]);
  }

  #existing(target: Target): KubeObject {
    const object = this.#objects.get(keyOf(target));
    if (object === undefined) throw statusErrors.notFound(groupResource(target), target.name);
    return object;
  }

  #maybeFail(verb: string): void {
    const at = this.failures.findIndex((failure) => failure.verb === verb);
    const [failure] = at < 0 ? [] : this.failures.splice(at, 1);
    if (failure !== undefined) throw failure.error;
  }
}

function merge(old: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof old === 'object' && old !== null && !Array.isArray(old) ? old : {};
  const merged: Record<string, JsonValue | undefined> = { ...(base as JsonObject) };
  for (const [field, value] of Object.entries(patch as JsonObject)) {
    if (value === null) delete merged[field];
    else if (value !== undefined) merged[field] = merge(merged[field], value);
  }
  return merged;
}
