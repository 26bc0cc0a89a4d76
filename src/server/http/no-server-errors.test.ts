/** Whatever a request's body contains or leaves out, the answer is never a 500. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject, JsonValue } from '../../api/json.ts';
import { TestRegistry } from '../registry/test-registry.ts';
import { richObjects } from './rich-objects-fixture.ts';
import { sending, testApp } from './test-app.ts';

/** Replacements of a field: absent, empty, and values of other types and sizes. */
const replacements: readonly (JsonValue | undefined)[] = [undefined, null, '', 0, -1, 'X_y', [], {}, [null]];

/** Copies of the value, in each of which one part is replaced. */
function* mangled(value: JsonValue, path = ''): Generator<readonly [what: string, value: JsonValue | undefined]> {
  for (const replacement of replacements) yield [`${path} = ${JSON.stringify(replacement)}`, replacement];
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      for (const [what, other] of mangled(item, `${path}[${i}]`)) yield [what, value.with(i, other ?? null)];
      yield [`${path}[${i}] twice`, [...value, item]];
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value as JsonObject)) {
      if (item === undefined) continue;
      for (const [what, other] of mangled(item, `${path}.${key}`)) {
        const { [key]: _gone, ...rest } = value as JsonObject;
        yield [what, other === undefined ? rest : { ...rest, [key]: other }];
      }
    }
  }
}

/**
 * Requests that upstream answers with 500, too. Source: apiserver handlers/patch.go
 * (interpretStrategicMergePatchError); service/storage/alloc.go.
 */
const upstreamsOwn =
  /"message":"(Internal error occurred: )?(list element types are not identical|failed to allocate requested HealthCheck NodePort|expected a |unknown patch type|map: .* does not contain declared merge key)/;

const patchTypes = [
  {},
  { 'content-type': 'application/merge-patch+json' },
  { 'content-type': 'application/strategic-merge-patch+json' },
] as const;

describe('objects without a name', () => {
  it('are refused, of every kind', async () => {
    const { json } = testApp({ registry: new TestRegistry().registry });
    await json('/api/v1/namespaces', sending('POST', { metadata: { name: 'default' } }));
    await json('/api/v1/namespaces/default/serviceaccounts', sending('POST', { metadata: { name: 'default' } }));
    for (const path of Object.keys(richObjects)) {
      const { status, body } = await json(path, sending('POST', {}));
      assert.equal(status, 422, `${path}: ${JSON.stringify(body)}`);
      assert.match(String(body.message), /metadata\.name: Required value: name or generateName is required/, path);
    }
  });
});

describe('bodies of which any part is missing or wrong', () => {
  for (const [path, object] of Object.entries(richObjects)) {
    it(`bring no failure of the server at ${path}`, async () => {
      const { fetch, json } = testApp({ registry: new TestRegistry().registry });
      const ask = async (what: string, url: string, init: RequestInit): Promise<void> => {
        const response = await fetch(url, init);
        const text = await response.text();
        if (response.status >= 500 && !upstreamsOwn.test(text)) assert.fail(`${what}: ${response.status} ${text}`);
      };
      await json('/api/v1/namespaces', sending('POST', { metadata: { name: 'default' } }));
      await json('/api/v1/namespaces/default/serviceaccounts', sending('POST', { metadata: { name: 'default' } }));
      const whole = await json(path, sending('POST', object));
      assert.equal(whole.status, 201, JSON.stringify(whole.body));
      const stored = (await json(`${path}/x`)).body as JsonObject;
      // Each mistake is sent in one way only; the next one is sent in another way.
      let turn = 0;
      for (const [what, body] of mangled(object)) {
        turn += 1;
        const way = (turn + Math.trunc(turn / replacements.length)) % 3;
        if (way === 0) await ask(`POST ${what}`, `${path}?dryRun=All`, sending('POST', body ?? null));
        else await ask(`PATCH ${what}`, `${path}/x?dryRun=All`, sending('PATCH', body ?? null, patchTypes[way]));
      }
      for (const [what, body] of mangled(stored)) {
        turn += 1;
        const part = (turn + Math.trunc(turn / replacements.length)) % 2 === 0 ? '' : '/status';
        await ask(`PUT${part} ${what}`, `${path}/x${part}?dryRun=All`, sending('PUT', body ?? null));
      }
    });
  }
});
