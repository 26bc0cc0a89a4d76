/** `--append-hash`: a hash in the name, which changes with the content. Source: kubectl pkg/util/hash/hash.go. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../../../../api/json.ts';
import { toCompactJson } from '../../../print/json.ts';

const replacements: Readonly<Record<string, string>> = { '0': 'g', '1': 'h', '3': 'k', a: 'm', e: 't' };

/** The hash: ten characters from an alphabet that cannot form words. */
export function contentHash(content: JsonObject): string {
  const hex = createHash('sha256').update(toCompactJson(content)).digest('hex');
  return [...hex.slice(0, 10)].map((char) => replacements[char] ?? char).join('');
}
