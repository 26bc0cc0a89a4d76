import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { patchedText } from './patched-text.ts';

const object = { kind: 'A', apiVersion: 'v1', metadata: { name: 'a', labels: { z: '1', b: '2' } }, data: { y: '1', x: '2' } };

describe('the text of a patched object', () => {
  it('has sorted fields where a merge patch went in, and those of the object elsewhere', () => {
    const body = { metadata: { annotations: null }, data: 'x' };
    assert.equal(
      patchedText(object, { type: 'merge', body }, false),
      '{"apiVersion":"v1","data":{"y":"1","x":"2"},"kind":"A","metadata":{"labels":{"z":"1","b":"2"},"name":"a"}}',
    );
  });

  it('has sorted fields along the paths of a JSON patch', () => {
    const body = [{ op: 'add', path: '/metadata/labels/c~1d', value: 'e' }];
    assert.equal(
      patchedText({ ...object, items: [{ b: 1, a: 2 }] }, { type: 'json', body }, false),
      '{"apiVersion":"v1","data":{"y":"1","x":"2"},"items":[{"b":1,"a":2}],"kind":"A","metadata":{"labels":{"b":"2","z":"1"},"name":"a"}}',
    );
  });

  it('has sorted fields everywhere in a custom resource', () => {
    assert.equal(
      patchedText({ ...object, items: [{ b: 1, a: 2 }] }, { type: 'merge', body: {} }, true),
      '{"apiVersion":"v1","data":{"x":"2","y":"1"},"items":[{"a":2,"b":1}],"kind":"A","metadata":{"labels":{"b":"2","z":"1"},"name":"a"}}',
    );
  });
});
