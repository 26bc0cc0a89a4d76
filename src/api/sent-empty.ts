/**
 * Which lists and maps a client sent empty. Until an object is stored, Go tells them from absent ones, and so do a few
 * of upstream's defaults and the messages that show values; for everything else both are nothing. Decoding therefore
 * leaves them out and notes them under a symbol: copies (`{ ...object }`) keep the note, which JSON, comparisons and
 * schemas do not see. What is stored has no notes (`ObjectFormat.storedForm`).
 */
import type { JsonObject, JsonValue } from './json.ts';

const empties = Symbol('sent empty');
const anywhere = Symbol('something within was sent empty');

interface Noted {
  readonly [empties]?: Readonly<Record<string, JsonValue>>;
  readonly [anywhere]?: true;
}

/** Notes in an object that is being decoded that a field was sent as `value`, an empty list or map. */
export function noteSentEmpty(object: object, field: string, value: JsonValue): void {
  const noted: Noted = object;
  Object.assign(object, { [empties]: { ...noted[empties], [field]: value } });
}

/** The object with other values for some fields, of which no notes are left. */
export function withFields<T extends object>(object: T, changes: Partial<T>): T {
  const noted = Object.entries((object as Noted)[empties] ?? {}).filter(([field]) => !(field in changes));
  return { ...object, ...changes, [empties]: Object.fromEntries(noted) };
}

/** The object with a note that there are notes in it, or in what it holds. */
export const withNotes = (object: JsonObject): JsonObject => ({ ...object, [anywhere]: true });

/** Whether there are notes in an object, or in what it holds. */
export const hasNotes = (object: object): boolean => (object as Noted)[anywhere] === true;

const noteOf = (object: object, field: string): JsonValue | undefined => (object as Noted)[empties]?.[field];

const isNothing = (value: unknown): boolean => value === undefined || value === null || (Array.isArray(value) && value.length === 0);

/** Whether a list or map is there because a client sent it empty. */
export const wasSentEmpty = <T extends object>(object: T, field: keyof T & string): boolean =>
  isNothing(object[field]) && noteOf(object, field) !== undefined;

/** The names of all lists and maps that are absent because they were sent empty. */
export const fieldsSentEmpty = (object: object): readonly string[] =>
  Object.keys((object as Noted)[empties] ?? {}).filter((field) => !(field in object));

/** Whether a list or map was sent, with items or empty. */
export const isSent = <T extends object>(object: T, field: keyof T & string): boolean =>
  !isNothing(object[field]) || noteOf(object, field) !== undefined;

/** A list or map as it was sent, for messages: [] or {} when it was sent empty, null when it was not sent. */
export const asSent = (object: object, field: string): unknown => {
  const value: unknown = (object as Readonly<Record<string, unknown>>)[field];
  return isNothing(value) ? (noteOf(object, field) ?? null) : value;
};
