/** Brings entries into the form in which their Kind wants them, and objects into the one in which they are stored. */
import type { AnyKind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { asJson, asObject } from '../../api/object-fields.ts';
import type { Entry } from '../store/store.ts';
import { unstoredEntry } from './commit.ts';
import type { RegistryParts } from './registry-parts.ts';

/**
 * A stored entry as the Kind wants it; the entry itself when it is so already. Rejects with the error of a conversion.
 */
export function currentEntry(kind: AnyKind, entry: Entry | undefined): Entry | undefined | Promise<Entry> {
  const form = kind.storage?.form;
  if (form === undefined || entry === undefined || form.isCurrent(entry.object, entry.revision)) return entry;
  const brought = (objects: readonly KubeObject[]): Entry => {
    const [object = entry.object] = objects;
    return object === entry.object ? entry : unstoredEntry(entry.key, object, entry.revision);
  };
  const read = form.read([entry.object]);
  return read instanceof Promise ? read.then(brought) : brought(read);
}

/** Stored entries as the Kind wants them, converted together. Rejects with the error of a conversion. */
export function currentEntries(kind: AnyKind, entries: readonly Entry[]): readonly Entry[] | Promise<readonly Entry[]> {
  const form = kind.storage?.form;
  const others = form === undefined ? [] : entries.filter(({ object, revision }) => !form.isCurrent(object, revision));
  if (form === undefined || others.length === 0) return entries;
  const brought = (objects: readonly KubeObject[]): readonly Entry[] => {
    const known = new Map(others.map((entry, i) => [entry, unstoredEntry(entry.key, objects[i] ?? entry.object, entry.revision)]));
    return entries.map((entry) => known.get(entry) ?? entry);
  };
  const read = form.read(others.map(({ object }) => object));
  return read instanceof Promise ? read.then(brought) : brought(read);
}

/** An object as it is to be stored. Rejects with the error of a conversion. */
export function storedObject(
  { formats }: Pick<RegistryParts, 'formats'>,
  kind: AnyKind,
  object: KubeObject,
): KubeObject | Promise<KubeObject> {
  const { form, encoding = 'protobuf' } = kind.storage ?? {};
  if (form !== undefined) return form.write(object);
  const kept = formats.of(kind.codec.schema).storedForm?.(asJson(object), encoding);
  return kept === undefined ? object : asObject(kept);
}
