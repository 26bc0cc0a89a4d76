/**
 * Describes any object: its fields, with readable names. Source: kubectl pkg/describe/describe.go (genericDescriber,
 * smartLabelFor).
 */

import { goValue } from '../../../../api/go-format.ts';
import { isObject, type JsonValue } from '../../../../api/json.ts';
import { Description } from '../../output/description.ts';
import { sortedEntries, writeIdentity } from './common.ts';
import type { Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';

const shownAlready = new Set([
  '.metadata.managedFields',
  '.metadata.name',
  '.metadata.namespace',
  '.metadata.labels',
  '.metadata.annotations',
]);

const acronyms = new Set(['API', 'URL', 'UID', 'GUID']);

/** Runs of upper case, lower case and dashes; the last capital of a run belongs to the word that follows. */
function words(field: string): readonly string[] {
  const runs = field.match(/\p{Lu}+|\p{Ll}+|[^\p{Lu}\p{Ll}]+/gu) ?? [];
  const parts = [...runs];
  for (let i = 0; i < parts.length - 1; i++) {
    const [part = '', next = ''] = [parts[i], parts[i + 1]];
    if (!/^\p{Lu}/u.test(part) || !/^\p{Ll}/u.test(next)) continue;
    parts[i + 1] = part.slice(-1) + next;
    parts[i] = part.slice(0, -1);
  }
  return parts.filter((part) => part !== '');
}

/** Joins an acronym with the capitalized word after it, so that `HTTPGet` remains one word. */
function merge(parts: readonly string[]): readonly string[] {
  const merged: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    const [part = '', next = ''] = [parts[i], parts[i + 1]];
    if (part.length >= 2 && !/\p{Ll}/u.test(part) && /^\p{Lu}/u.test(next)) {
      merged.push(part + next);
      i += 1;
    } else merged.push(part);
  }
  return merged;
}

/**
 * `creationTimestamp` → `Creation Timestamp`; names that contain other characters than letters and dashes are
 * unchanged.
 */
export function smartLabel(field: string): string {
  if (!/^[\p{L}-]*$/u.test(field)) return field;
  return merge(words(field))
    .map((part) => {
      if (acronyms.has(part.toUpperCase())) return part.toUpperCase();
      return part.toLowerCase() === part ? part.charAt(0).toUpperCase() + part.slice(1) : part;
    })
    .join(' ');
}

function writeContent(to: Description, level: number, content: Readonly<Record<string, JsonValue | undefined>>, prefix: string): void {
  for (const [field, value] of sortedEntries(content)) {
    const path = `${prefix}.${field}`;
    if (shownAlready.has(path) || value === undefined) continue;
    const label = smartLabel(field);
    if (isObject(value)) {
      to.write(level, `${label}:\n`);
      writeContent(to, level + 1, value, path);
    } else if (Array.isArray(value)) {
      to.write(level, `${label}:\n`);
      for (const child of value) {
        if (isObject(child)) writeContent(to, level + 1, child, path);
        else to.write(level + 1, `${goValue(child)}\n`);
      }
    } else to.line(level, `${label}:`, goValue(value));
  }
}

export const describeGeneric: Describer = async (object, context) => {
  const to = new Description();
  const { name, namespace, labels, annotations } = object.metadata ?? {};
  writeIdentity(to, { ...(name === undefined ? {} : { name }), namespace, labels, annotations });
  writeContent(to, 0, object, '');
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
