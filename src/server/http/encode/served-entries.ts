/**
 * Stored entries in the versions that clients request. Each entry is converted once per version, however many clients
 * get or watch it. Conversions that take time (webhooks) are made by `prepare`, before anything is encoded.
 */
import type { JsonObject } from '../../../api/json.ts';
import type { RemoteConversion, ServedVersion } from '../../../api/kind.ts';
import { asJson } from '../../../api/object-fields.ts';
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

export class ServedEntries {
  readonly #versions = new WeakMap<ServedVersion, WeakMap<Entry, Converted>>();

  /**
   * Starts the conversions that take time. Returns undefined when there is nothing to wait for; rejects with the error
   * of the conversion. Callers must prepare entries before they call `object` and `bytes`.
   */
  prepare(target: What, entries: readonly Entry[]): Promise<void> | undefined {
    const conversion = conversionOf(target);
    if (conversion?.remote === undefined) return undefined;
    const slots = entries.map((entry) => ({ entry, slot: this.#slot(conversion, entry) }));
    const missing = slots.filter(({ slot }) => slot.object === undefined && slot.pending === undefined);
    if (missing.length > 0) {
      const pending = this.#convert(target, conversion.remote, missing);
      for (const { slot } of missing) slot.pending = pending;
    }
    const waits = [...new Set(slots.map(({ slot }) => slot.pending))].filter((pending) => pending !== undefined);
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
  }

  async #convert(
    target: What,
    remote: RemoteConversion,
    missing: readonly { readonly entry: Entry; readonly slot: Converted }[],
  ): Promise<void> {
    try {
      const objects = await remote.fromStored(missing.map(({ entry }) => asJson(entry.object)));
      for (const [i, { entry, slot }] of missing.entries()) slot.object = named(target, entry, objects[i] ?? {});
    } finally {
      for (const { slot } of missing) slot.pending = undefined;
    }
  }

  /** The object in the served version. */
  object(target: What, entry: Entry): JsonObject {
    const conversion = conversionOf(target);
    if (conversion === undefined) return asJson(entry.object);
    const slot = this.#slot(conversion, entry);
    if (slot.object === undefined) {
      if (conversion.remote !== undefined)
        throw new Error(`an entry of ${target.kind.resourceName} was not prepared for ${conversion.version}`);
      slot.object = named(target, entry, conversion.fromStored(asJson(entry.object)));
    }
    return slot.object;
  }

  /**
   * The JSON of the served version: the stored bytes when no conversion is needed. It begins with `apiVersion` and
   * `kind`.
   */
  bytes(target: What, entry: Entry): Buffer {
    const conversion = conversionOf(target);
    if (conversion === undefined) return entry.bytes;
    const object = this.object(target, entry);
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

  #slot(conversion: ServedVersion, entry: Entry): Converted {
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
