/**
 * Stored entries in the versions that clients request. Each entry is converted once per version, however many clients
 * get or watch it. Conversions that take time (webhooks) are made by `prepare`, before anything is encoded.
 */
import type { JsonObject } from '../../../api/json.ts';
import type { ServedVersion, StoredForm } from '../../../api/kind.ts';
import type { KubeObject } from '../../../api/object.ts';
import { asJson, asObject } from '../../../api/object-fields.ts';
import type { Target } from '../../registry/registry.ts';
import { conversionOf, servedApiVersion } from '../../registry/served-version.ts';
import type { Entry } from '../../store/store.ts';

type What = Pick<Target, 'kind' | 'served'>;

/**
 * An entry in one version: the converted object, its bytes once they were requested, or the promise of a conversion in
 * progress.
 */
interface Converted {
  object: JsonObject | undefined;
  bytes: Buffer | undefined;
  pending: Promise<void> | undefined;
}

interface Missing {
  readonly entry: Entry;
  readonly slot: Converted;
}

export class ServedEntries {
  readonly #versions = new WeakMap<ServedVersion | StoredForm, WeakMap<Entry, Converted>>();

  /**
   * Makes the conversions that may take time. Returns undefined when there is nothing to wait for; rejects with the
   * error of the conversion. Callers must prepare entries before they call `object`, `shown` and `bytes`.
   */
  prepare(target: What, entries: readonly Entry[]): Promise<void> | undefined {
    const { form } = target.kind.storage ?? {};
    if (form === undefined) return undefined;
    const slots = entries.filter((entry) => !isCurrent(form, entry)).map((entry) => ({ entry, slot: this.#slot(form, entry) }));
    const missing = slots.filter(({ slot }) => slot.object === undefined && slot.pending === undefined);
    if (missing.length > 0) {
      const read = form.read(missing.map(({ entry }) => entry.object));
      if (read instanceof Promise) {
        const pending = this.#fillLater(missing, read);
        for (const { slot } of missing) slot.pending = pending;
      } else fill(missing, read);
    }
    const waits = [...new Set(slots.map(({ slot }) => slot.pending))].filter((pending) => pending !== undefined);
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
  }

  async #fillLater(missing: readonly Missing[], read: Promise<readonly KubeObject[]>): Promise<void> {
    try {
      fill(missing, await read);
    } finally {
      for (const { slot } of missing) slot.pending = undefined;
    }
  }

  /** The object in the served version. */
  object(target: What, entry: Entry): JsonObject {
    const conversion = conversionOf(target);
    if (conversion === undefined) return asJson(this.shown(target, entry));
    const slot = this.#slot(conversion, entry);
    slot.object ??= named(target, entry, conversion.fromStored(asJson(entry.object)));
    return slot.object;
  }

  /** The object as the Kind's own functions take it, such as those of its table. */
  shown({ kind }: What, entry: Entry): KubeObject {
    const { form } = kind.storage ?? {};
    if (form === undefined || isCurrent(form, entry)) return entry.object;
    const { object } = this.#slot(form, entry);
    if (object === undefined) throw new Error(`an entry of ${kind.resourceName} was not prepared for ${kind.version}`);
    return asObject(object);
  }

  /**
   * The JSON of the served version: the stored bytes when no conversion is needed. It begins with `apiVersion` and
   * `kind`.
   */
  bytes(target: What, entry: Entry): Buffer {
    const conversion = conversionOf(target) ?? target.kind.storage?.form;
    if (conversion === undefined) return entry.bytes;
    const object = this.object(target, entry);
    if (object === asJson(entry.object)) return entry.bytes;
    const slot = this.#slot(conversion, entry);
    slot.bytes ??= Buffer.from(JSON.stringify(object));
    return slot.bytes;
  }

  /**
   * How many leading bytes hold `apiVersion` and `kind`, including the comma after them. This is the same for every
   * entry of a target.
   */
  typeLength(target: What): number {
    return Buffer.byteLength(`${JSON.stringify({ apiVersion: servedApiVersion(target), kind: target.kind.kind }).slice(0, -1)},`);
  }

  #slot(conversion: ServedVersion | StoredForm, entry: Entry): Converted {
    let entries = this.#versions.get(conversion);
    if (entries === undefined) {
      entries = new WeakMap();
      this.#versions.set(conversion, entries);
    }
    let slot = entries.get(entry);
    if (slot === undefined) {
      slot = { object: undefined, bytes: undefined, pending: undefined };
      entries.set(entry, slot);
    }
    return slot;
  }
}

function named(target: What, entry: Entry, object: JsonObject): JsonObject {
  const type = { apiVersion: servedApiVersion(target), kind: asJson(entry.object).kind ?? target.kind.kind };
  return { ...type, ...object, ...type };
}

const isCurrent = (form: StoredForm, { object, revision }: Entry): boolean => form.isCurrent(object, revision);

function fill(missing: readonly Missing[], objects: readonly KubeObject[]): void {
  for (const [i, { entry, slot }] of missing.entries()) slot.object = asJson(objects[i] ?? entry.object);
}
