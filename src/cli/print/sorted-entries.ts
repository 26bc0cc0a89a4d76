/** The keys of printed objects, in lists, because JavaScript moves an object's keys that are integers to the front. */
import type { JsonObject, JsonValue } from '../../api/json.ts';

type Entry = readonly [key: string, value: JsonValue];

/** The keys of an object with their values, without those that are undefined. */
export type Entries = (value: JsonObject) => readonly Entry[];

/** As they come. */
export const givenEntries: Entries = (value) =>
  Object.entries(value).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined);

/** In Go's (byte) order. */
export const sortedEntries: Entries = (value) => givenEntries(value).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
