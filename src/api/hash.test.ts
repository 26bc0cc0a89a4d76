import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodTemplateSpec } from './generated/core/v1.ts';
import { canonicalJson, fnv32, fnv32a, podTemplateHash } from './hash.ts';

describe('hashes', () => {
  it('computes FNV-1a', () => {
    assert.equal(fnv32(new TextEncoder().encode('')), 0x811c9dc5);
    assert.equal(fnv32(new TextEncoder().encode('foobar')), 0x31f0b262);
    assert.equal(fnv32a(new TextEncoder().encode('')), 0x811c9dc5);
    assert.equal(fnv32a(new TextEncoder().encode('foobar')), 0xbf9cf968);
  });
  it('writes JSON canonically', () =>
    assert.equal(canonicalJson({ b: [1, { d: null, c: undefined }], a: 'x' }), '{"a":"x","b":[1,{"d":null}]}'));
  it('depends on the template and the collision count only', () => {
    // A template needs no more than this to be hashed.
    const template = { metadata: { labels: { a: 'b', c: 'd' } }, spec: { containers: [] } } as unknown as PodTemplateSpec;
    const same = { spec: { containers: [] }, metadata: { labels: { c: 'd', a: 'b' } } } as unknown as PodTemplateSpec;
    assert.equal(podTemplateHash(template), podTemplateHash(same));
    assert.notEqual(podTemplateHash(template), podTemplateHash(template, 1));
    assert.match(podTemplateHash(template), /^[bcdfghjklmnpqrstvwxz2456789]+$/);
  });
});
