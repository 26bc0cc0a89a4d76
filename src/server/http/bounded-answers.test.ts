/** No request causes much more work, or a much larger answer, than its own size. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldPath } from '../../api/field-error.ts';
import { growthOfEight } from '../../api/testing/growth.ts';
import { validateObjectMeta } from '../../api/validation/object-meta.ts';
import { configMap, sending, testApp } from './test-app.ts';

const base = '/api/v1/namespaces/default/configmaps';
const yaml = (text: string): RequestInit => ({ method: 'POST', headers: { 'content-type': 'application/yaml' }, body: text });

const numbered = (count: number, one: (i: number) => string): readonly string[] => Array.from({ length: count }, (_, i) => one(i));

describe('answers', () => {
  it('to YAML read it as Kubernetes does', async () => {
    const { json } = testApp();
    const text = 'kind: ConfigMap\nmetadata: {name: a}\nimmutable: yes\ndata:\n  a: "yes"\n---\n}';
    const { status, body } = await json(base, yaml(text));
    assert.equal(status, 201);
    assert.equal(body.immutable, true);
    assert.equal((await json(base, yaml('kind: ConfigMap\nmetadata: {name: b}\n---\n'))).status, 201);
    assert.match(String((await json(base, yaml('a: *b'))).body.message), /: yaml: unknown anchor 'b' referenced \(/);
  });

  it('to YAML with keys given twice fit into headers', async () => {
    const { fetch } = testApp();
    const keys = numbered(3000, () => '  a: b').join('\n');
    const response = await fetch(`${base}?fieldValidation=Warn`, yaml(`kind: ConfigMap\nmetadata: {name: c}\ndata:\n${keys}`));
    assert.equal(response.status, 201);
    assert.match(response.headers.get('warning') ?? '', /^299 - "yaml: unmarshal errors: {3}line 5: key \\"a\\" already set in map/);
    assert.ok((response.headers.get('warning') ?? '').length < 5000);
  });

  it('to thousands of mistakes tell the first ones', async () => {
    const { fetch } = testApp();
    const bad = { ...configMap('d'), metadata: { name: 'd', finalizers: numbered(5000, (i) => `!${i}`) } };
    const text = await (await fetch(base, sending('POST', bad))).text();
    assert.match(text, /Invalid value: \\"!0\\"/);
    assert.ok(text.length < 200_000);
  });

  it('that name a large value do not repeat it', async () => {
    const { fetch } = testApp();
    const owners = numbered(2000, (i) => `u${i}`).map((uid) => ({ apiVersion: 'v1', kind: 'Pod', name: 'x', uid, controller: true }));
    const text = await (await fetch(base, sending('POST', { ...configMap('e'), metadata: { name: 'e', ownerReferences: owners } }))).text();
    assert.match(text, /Only one reference can have Controller set to true/);
    assert.ok(text.length < 300_000);
  });

  it('cost as much as the mistakes that were sent', () => {
    const owner = (i: number) => ({ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: `u${i}`, controller: true });
    const growth = growthOfEight(2000, (size) => {
      const meta = { name: 'x', ownerReferences: Array.from({ length: size }, (_, i) => owner(i)) };
      return () => validateObjectMeta(meta, { namespaced: false }, FieldPath.root);
    });
    assert.ok(growth < 12, `eight times the owners cost ${growth} times the work`);
  });
});
