import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch, createThreeWayJsonMergePatch, createTwoWayJsonMergePatch } from './merge-patch.ts';

describe('applyJsonPatch', () => {
  const document = Object.freeze({ spec: Object.freeze({ list: Object.freeze([1, 2]), replicas: 1 }) });

  it('applies operations without changing its arguments', () => {
    const patched = applyJsonPatch(document, [
      { op: 'test', path: '/spec/replicas', value: 1 },
      { op: 'replace', path: '/spec/replicas', value: 2 },
      { op: 'add', path: '/spec/list/-', value: 3 },
      { op: 'remove', path: '/spec/list/0' },
      { op: 'copy', from: '/spec/replicas', path: '/spec/copy' },
    ]);
    assert.deepEqual(patched, { spec: { list: [2, 3], replicas: 2, copy: 2 } });
    assert.equal(document.spec.replicas, 1);
  });

  it("takes a missing member for null, as Go's library does", () => {
    assert.deepEqual(applyJsonPatch(document, [{ op: 'replace', path: '/spec/a~1b', value: 2 }]).spec, { ...document.spec, 'a/b': 2 });
    assert.deepEqual(applyJsonPatch(document, [{ op: 'test', path: '/spec/none', value: null }]), document);
    for (const path of ['/none/a', '/spec/list/7']) {
      assert.throws(() => applyJsonPatch(document, [{ op: 'replace', path, value: 1 }]), { code: 422 });
    }
    assert.throws(() => applyJsonPatch(document, [{ op: 'test', path: '/spec/none', value: 1 }]), { code: 422 });
  });

  it('answers 422 to operations that do not fit and 400 to what is no patch', () => {
    const message = 'the server rejected our request due to an error in our request';
    assert.throws(() => applyJsonPatch(document, [{ op: 'test', path: '/spec/replicas', value: 7 }]), { code: 422, message });
    assert.throws(() => applyJsonPatch(document, [{ op: 'remove', path: '/spec/none' }]), { code: 422, message });
    assert.throws(() => applyJsonPatch(document, [{ op: 'add', path: '/a/b/c', value: 1 }]), { code: 422, message });
    assert.throws(() => applyJsonPatch(document, [{ op: 'bogus', path: '/spec' }]), { code: 422, message });
    assert.throws(() => applyJsonPatch(document, { spec: 1 }), {
      code: 400,
      message: 'json: cannot unmarshal object into Go value of type jsonpatch.Patch',
    });
    // The size of copies is limited to that of a request body. These copies would double the document twenty-four
    // times.
    const doubling = Array.from({ length: 24 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }));
    assert.throws(() => applyJsonPatch({ a: ['x'.repeat(1000)] }, doubling), { code: 422, message });
    assert.throws(() => applyJsonPatch(document, Array(10_001).fill({ op: 'test', path: '' })), { code: 413 });
  });
});

describe('merge patches', () => {
  it('follow RFC 7386', () => {
    assert.deepEqual(applyMergePatch({ a: 'b', c: { d: 'e', f: 'g' } }, { a: 'z', c: { f: null }, n: { x: null, y: 1 }, l: [null] }), {
      a: 'z',
      c: { d: 'e' },
      n: { y: 1 },
      l: [null],
    });
    assert.throws(() => applyMergePatch({}, [1]), { code: 400, message: 'Invalid JSON Patch' });
  });

  it('are found between two objects', () => {
    const [a, b] = [
      { x: 1, same: { y: [1] }, gone: 1, deep: { p: 1, q: 2 } },
      { x: 2, same: { y: [1] }, deep: { p: 1 } },
    ];
    const patch = createTwoWayJsonMergePatch(a, b);
    assert.deepEqual(patch, { x: 2, gone: null, deep: { q: null } });
    assert.deepEqual(applyMergePatch(a, patch), b);
  });

  it('are found between three objects', () => {
    assert.deepEqual(
      createThreeWayJsonMergePatch({ spec: { a: 1, gone: 1 } }, { spec: { a: 2, list: [1] } }, { spec: { a: 1, gone: 1, theirs: 1 } }),
      { spec: { gone: null, a: 2, list: [1] } },
    );
    assert.deepEqual(createThreeWayJsonMergePatch({}, { spec: {} }, {}), { spec: {} });
  });
});
