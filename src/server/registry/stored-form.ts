/** Brings entries into the form in which their Kind wants them, and objects into the one in which they are stored. */
import type { AnyKind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Entry } from '../store/store.ts';
import { unstoredEntry } from './commit.ts';

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

/** An object as it is to be stored. Rejects with the error of a conversion. */
export const storedObject = (kind: AnyKind, object: KubeObject): KubeObject | Promise<KubeObject> =>
  kind.storage?.form?.write(object) ?? object;
