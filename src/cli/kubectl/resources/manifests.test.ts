import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseManifests } from './manifests.ts';

const object = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;

describe('manifests', () => {
  it('are given one after another, so that a bad document spares those before it', () => {
    const found: unknown[] = [];
    assert.throws(
      () => {
        for (const each of parseManifests(`${object('a')}--- # next\n${object('b')}---\na: b: c\n`, 'f.yaml'))
          found.push(each.object.metadata?.name);
      },
      { message: 'error parsing f.yaml: error converting YAML to JSON: yaml: mapping values are not allowed in this context' },
    );
    assert.deepEqual(found, ['a', 'b']);
  });

  it('in JSON may follow one another, and may be followed by YAML', () => {
    const json = (name: string): string =>
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { key: '"}{' } });
    const names = (text: string): unknown[] => [...parseManifests(text, 'f')].map((each) => each.object.metadata?.name);
    assert.deepEqual(names(`${json('a')}\n${json('b')}${json('c')}\n`), ['a', 'b', 'c']);
    assert.deepEqual(names(`${json('a')}\n---\n${json('b')}\n---\n${object('c')}`), ['a', 'b', 'c']);
    assert.deepEqual(names(`${json('a')}\n\n---\n---\n${json('b')}\n---\n`), ['a', 'b']);
    assert.deepEqual(names(`${json('a')}\n${object('b')}`), ['a', 'b']);
    assert.deepEqual(names(`{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\n${object('b')}`), ['a', 'b']);
    assert.throws(() => names(`${json('a')}\n${json('b')}\n---\n${json('c')}`), { message: /^error parsing f: invalid character '-' / });
  });

  it('that are no objects are refused', () => {
    assert.throws(() => [...parseManifests('text', 'f')], {
      message: /^error validating "f": error validating data: invalid object to validate; /,
    });
    assert.throws(() => [...parseManifests('a: b', 'f')], { message: /\[apiVersion not set, kind not set\]/ });
  });
});
