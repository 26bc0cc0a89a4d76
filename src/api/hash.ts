/**
 * Hashes that become part of names and labels. Source: pkg/util/hash, pkg/controller/controller_utils.go (ComputeHash).
 */
import type { PodTemplateSpec } from './generated/core/v1.ts';
import { safeEncode } from './names.ts';

const offset = 0x811c9dc5;
const prime = 0x01000193;

/** The 32-bit FNV-1a hash of bytes, as an unsigned number. */
export function fnv32a(bytes: Uint8Array): number {
  let hash = offset;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, prime);
  return hash >>> 0;
}

/** The 32-bit FNV-1 hash of bytes, as an unsigned number. */
export function fnv32(bytes: Uint8Array): number {
  let hash = offset;
  for (const byte of bytes) hash = Math.imul(hash, prime) ^ byte;
  return hash >>> 0;
}

/** JSON with sorted keys and without absent values: equal objects give equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`)
    .join(',')}}`;
}

/**
 * The value of `pod-template-hash`: the same for equal templates, another for each collision count.
 * Differs: upstream hashes a dump of Go structs, so the values are not those of a real cluster.
 */
export function podTemplateHash(template: PodTemplateSpec, collisionCount?: number | undefined): string {
  const collision = collisionCount === undefined ? '' : `#${collisionCount}`;
  return safeEncode(String(fnv32a(new TextEncoder().encode(canonicalJson(template) + collision))));
}
