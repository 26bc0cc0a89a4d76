import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../json.ts';
import { conformError } from './conform.ts';
import { mergeObjects } from './merge.ts';
import { mapOf, scalarOf } from './merge-type.ts';
import { mergeTypeOfCustomResource } from './openapi-merge-type.ts';
import { toFieldSet } from './to-field-set.ts';

const metadata = () => mapOf({ fields: [{ name: 'name', type: () => scalarOf('string') }] });
const text: JsonObject = { type: 'string' };

const typeOf = (properties: JsonObject, preserveUnknownFields = false) =>
  mergeTypeOfCustomResource({
    schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
    preserveUnknownFields,
    metadata,
  });

const fieldsOf = (properties: JsonObject, spec: JsonObject): string => JSON.stringify(toFieldSet(typeOf(properties), { spec }));

describe('merge types of custom resources', () => {
  it('give each item of a keyed list its owner, with defaults for keys', () => {
    const ports: JsonObject = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
      items: { type: 'object', properties: { port: { type: 'integer' }, protocol: { type: 'string', default: 'TCP' } } },
    };
    assert.equal(
      fieldsOf({ ports }, { ports: [{ port: 80 }] }),
      '{"f:spec":{"f:ports":{"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:port":{}}}}}',
    );
  });

  it('give sets an owner for each value, and other lists one owner', () => {
    const set: JsonObject = { type: 'array', 'x-kubernetes-list-type': 'set', items: text };
    const list: JsonObject = { type: 'array', items: text };
    assert.equal(
      fieldsOf({ set, list }, { set: ['b', 'a'], list: ['x'] }),
      '{"f:spec":{"f:list":{},"f:set":{"v:\\"a\\"":{},"v:\\"b\\"":{}}}}',
    );
  });

  it('give atomic maps one owner, and the keys of others their own', () => {
    const map: JsonObject = { type: 'object', additionalProperties: text };
    const atomic: JsonObject = { ...map, 'x-kubernetes-map-type': 'atomic' };
    assert.equal(fieldsOf({ map, atomic }, { map: { k: 'v' }, atomic: { k: 'v' } }), '{"f:spec":{"f:atomic":{},"f:map":{"f:k":{}}}}');
  });

  it('keep unknown fields apart where a schema keeps them, and below', () => {
    const open: JsonObject = {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { known: { type: 'object', properties: { a: text } } },
    };
    assert.equal(
      fieldsOf({ open }, { open: { other: { deep: 1 }, known: { b: 'x' } } }),
      '{"f:spec":{"f:open":{"f:known":{"f:b":{}},"f:other":{".":{},"f:deep":{}}}}}',
    );
    assert.equal(
      conformError(typeOf({ closed: { type: 'object', properties: { a: text } } }), { spec: { closed: { b: 1 } } }),
      '.spec.closed.b: field not declared in schema',
    );
  });

  it('take numbers and strings where a schema takes either, and whole objects where it embeds them', () => {
    const either: JsonObject = { 'x-kubernetes-int-or-string': true };
    const template: JsonObject = { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true };
    const type = typeOf({ either, template });
    for (const value of [1, '50%']) assert.equal(conformError(type, { spec: { either: value } }), undefined);
    assert.equal(conformError(type, { spec: { template: { kind: 'Pod', metadata: { name: 'x' }, spec: {} } } }), undefined);
    assert.equal(
      conformError(type, { spec: { template: { metadata: { nom: 'x' } } } }),
      '.spec.template.metadata.nom: field not declared in schema',
    );
  });

  it('merge by the shape of values where there is no schema: keys of objects apart, lists whole', () => {
    const type = mergeTypeOfCustomResource({ schema: undefined, preserveUnknownFields: true, metadata });
    assert.deepEqual(mergeObjects(type, { a: { x: 1 }, list: [1, 2] }, { a: { y: 2 }, list: [3] }), { a: { x: 1, y: 2 }, list: [3] });
  });
});
