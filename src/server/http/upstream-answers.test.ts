/**
 * Complete errors and warnings, as a real kube-apiserver 1.36.3 answered the same requests (`testdata/answers`): errors
 * are in the order of upstream's code, values look as Go prints them, and fields of disabled gates are unknown or
 * dropped.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { TestRegistry } from '../registry/test-registry.ts';
import { sending, testApp } from './test-app.ts';

interface Answer {
  readonly path: string;
  readonly body: JsonObject;
  readonly status: number;
  readonly message?: string;
  /** Type and field of each cause. */
  readonly fields?: readonly string[];
  readonly warnings: readonly string[];
}

const file = new URL('../../../testdata/answers/upstream-1.36.json', import.meta.url);
// Recorded answers have this shape.
const answers = JSON.parse(readFileSync(file, 'utf8')) as readonly Answer[];

const unquoted = (header: string): readonly string[] =>
  [...header.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replace(/\\(.)/g, '$1'));

describe('answers of the real server', async () => {
  const { fetch, json } = testApp({ registry: new TestRegistry().registry });
  await json('/api/v1/namespaces', sending('POST', { metadata: { name: 'default' } }));
  await json('/api/v1/namespaces/default/serviceaccounts', sending('POST', { metadata: { name: 'default' } }));
  for (const { path, body, status, message, fields, warnings } of answers) {
    it(`${path} ${JSON.stringify(body).slice(0, 120)}`, async () => {
      const response = await fetch(path, sending('POST', body));
      const got = (await response.json()) as { message?: string; details?: { causes?: readonly { reason: string; field: string }[] } };
      assert.equal(response.status, status, got.message);
      assert.deepEqual(unquoted(response.headers.get('warning') ?? ''), warnings);
      if (message === undefined) return;
      assert.equal(got.message, message);
      assert.deepEqual(
        got.details?.causes?.map(({ reason, field }) => `${reason} ${field}`),
        fields,
      );
    });
  }
});
