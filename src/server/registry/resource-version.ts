/** Resource versions as requests carry them. Source: apiserver pkg/storage/api_object_versioner.go, pkg/storage/etcd3/store.go. */
import { statusErrors } from '../../api/status-error.ts';

/** The revision that a resource version names; '' and '0' are 0. Throws StatusError (400). */
export function parseResourceVersion(text: string): number {
  if (text === '' || text === '0') return 0;
  const quoted = JSON.stringify(text);
  if (!/^\d+$/.test(text)) throw invalid(quoted, `strconv.ParseUint: parsing ${quoted}: invalid syntax`);
  const revision = Number(text);
  if (!Number.isSafeInteger(revision)) throw invalid(quoted, `strconv.ParseUint: parsing ${quoted}: value out of range`);
  return revision;
}

const invalid = (quoted: string, cause: string) =>
  statusErrors.badRequest(`invalid resource version: resourceVersion: Invalid value: ${quoted}: ${cause}`);

/** Refuses a resource version from the future; ours is always the newest there is. Those who wait first use `untilFresh`. */
export function requireNotTooLarge(requested: number, current: number): void {
  if (requested > current) throw statusErrors.tooLargeResourceVersion(requested, current);
}
