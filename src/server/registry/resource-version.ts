/** Resource versions in requests. Source: apiserver pkg/storage/api_object_versioner.go, pkg/storage/etcd3/store.go. */
import { StatusError, statusErrors } from '../../api/status-error.ts';

/** The revision that the resource version of a list names; 0 for '' and '0'. Throws StatusError (400). */
export function parseResourceVersion(text: string): number {
  const parsed = parse(text);
  if (typeof parsed === 'string') throw statusErrors.badRequest(`invalid resource version: ${parsed}`);
  return parsed;
}

/**
 * The same for a watch, and for a get of what upstream's watch cache holds, where upstream answers 500 to a malformed
 * version. Source: pkg/storage/cacher/cacher.go (Get, Watch).
 */
export function parseReadVersion(text: string): number {
  const parsed = parse(text);
  if (typeof parsed === 'string') throw new StatusError({ code: 500, message: parsed });
  return parsed;
}

/** A revision, or what is wrong with the text. */
function parse(text: string): number | string {
  if (text === '' || text === '0') return 0;
  const quoted = JSON.stringify(text);
  const wrong = (cause: string): string => `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${cause}`;
  if (!/^\d+$/.test(text)) return wrong('invalid syntax');
  const revision = Number(text);
  return Number.isSafeInteger(revision) ? revision : wrong('value out of range');
}

/**
 * Refuses a resource version that the store has not reached: the store always has the newest one. Callers that wait
 * first use `untilFresh`.
 */
export function requireNotTooLarge(requested: number, current: number): void {
  if (requested > current) throw statusErrors.tooLargeResourceVersion(requested, current);
}
