import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  configurationOf,
  lastApplied,
  lastAppliedAnnotation,
  withLastApplied,
  withoutNulls,
  withUpdatedLastApplied,
} from './last-applied.ts';

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' }, data: { b: '<1>', a: '2' } };

describe('last applied configuration', () => {
  it('is one line with sorted keys, HTML escaped, and empty annotations', () => {
    assert.equal(
      configurationOf(object),
      '{"apiVersion":"v1","data":{"a":"2","b":"\\u003c1\\u003e"},"kind":"ConfigMap","metadata":{"annotations":{},"name":"a","namespace":"default"}}\n',
    );
  });

  it('does not contain itself', () => {
    const noted = withLastApplied({ ...object, metadata: { ...object.metadata, annotations: { x: 'y' } } });
    assert.equal(configurationOf(noted).includes(lastAppliedAnnotation), false);
    assert.equal(lastApplied(withLastApplied(noted)), lastApplied(noted));
    assert.equal(noted.metadata?.annotations?.x, 'y');
  });

  it('is brought up to date only where asked for or present', () => {
    assert.equal(lastApplied(withUpdatedLastApplied(false, object)), undefined);
    assert.notEqual(lastApplied(withUpdatedLastApplied(true, object)), undefined);
    const stale = { ...object, metadata: { ...object.metadata, annotations: { [lastAppliedAnnotation]: '{}' } } };
    assert.equal(lastApplied(withUpdatedLastApplied(false, stale)), configurationOf(object));
  });

  it('drops nulls before a create, also within lists', () => {
    assert.deepEqual(withoutNulls({ a: null, b: [{ c: null, d: 1 }] }), { b: [{ d: 1 }] });
  });
});
