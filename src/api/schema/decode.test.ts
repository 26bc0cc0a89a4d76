import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import type { JsonObject } from '../json.ts';
import { asSent, fieldsSentEmpty, hasNotes } from '../sent-empty.ts';
import { growthOfEight } from '../testing/growth.ts';
import { Decoder } from './decode.ts';
import { decodeRequest } from './decode-request.ts';
import { loadSchemas } from './load.ts';
import { patchStrictErrors, strictErrors } from './strict.ts';

const schemas = loadSchemas(brotliDecompressSync);
const decoder = new Decoder(schemas);
const pod = schemas.get('io.k8s.api.core.v1.Pod');

describe('Decoder', () => {
  it("writes fields in the order of Go's structs, with the structs that are always there", () => {
    const decoded = decoder.decode(pod, {
      spec: { containers: [{ image: 'i', name: 'c' }] },
      metadata: { name: 'p' },
      apiVersion: 'v1',
      kind: 'Pod',
    });
    assert.equal(
      JSON.stringify(decoded),
      '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","resources":{}}]},"status":{}}',
    );
  });

  it('drops nulls, unknown fields and empty omitempty values, and keeps pointers to zero', () => {
    const decoded = decoder.decode(schemas.get('io.k8s.api.core.v1.PodSpec'), {
      containers: [],
      volumes: [],
      hostNetwork: false,
      nodeName: '',
      nodeSelector: {},
      affinity: {},
      automountServiceAccountToken: false,
      priority: 0,
      subdomain: null,
      nonsense: 1,
    });
    // Not assert.deepEqual, which sees the notes of what was sent empty.
    assert.equal(JSON.stringify(decoded), '{"containers":[],"automountServiceAccountToken":false,"affinity":{},"priority":0}');
  });

  it('notes which lists and maps were sent empty, in copies too, until the object is stored', () => {
    const schema = schemas.get('io.k8s.api.core.v1.PodSpec');
    const decoded = decoder.decode(schema, { containers: [], nodeSelector: {}, resources: { claims: [] } });
    const copy: JsonObject = { ...decoded, priority: 1 };
    assert.deepEqual([asSent(copy, 'containers'), asSent(copy, 'nodeSelector'), asSent(copy, 'volumes')], [[], {}, null]);
    assert.deepEqual(fieldsSentEmpty(copy.resources as JsonObject), ['claims']);
    assert.deepEqual([hasNotes(copy), hasNotes(decoder.decode(schema, { containers: [{ name: 'c' }] }))], [true, false]);
    const stored = decoder.stored(schema, copy, 'protobuf');
    assert.deepEqual([hasNotes(stored), asSent(stored, 'nodeSelector'), asSent(stored, 'containers')], [false, null, null]);
    assert.deepEqual(stored, { containers: [], priority: 1, resources: {} });
  });

  it('writes null for a list without omitempty that is absent, and for one that storage as protobuf loses', () => {
    const role = schemas.get('io.k8s.api.rbac.v1.Role');
    assert.equal(decoder.decode(role, {}).rules, null);
    const sent = decoder.decode(role, { rules: [] });
    assert.deepEqual(sent.rules, []);
    assert.deepEqual([decoder.stored(role, sent, 'protobuf').rules, decoder.stored(role, sent, 'JSON').rules], [null, []]);
  });

  it('sorts the keys of maps and keeps null entries as zero values', () => {
    const decoded = decoder.decode(pod, { metadata: { labels: { b: '2', a: '1', c: null } } });
    assert.equal(JSON.stringify(decoded.metadata), '{"labels":{"a":"1","b":"2","c":""}}');
  });

  it('keeps a map key called __proto__', () => {
    const decoded = decoder.decode(pod, JSON.parse('{"metadata":{"labels":{"__proto__":"x"}}}'));
    assert.equal(JSON.stringify(decoded.metadata), '{"labels":{"__proto__":"x"}}');
  });

  it('writes zero times as null, and drops creationTimestamp', () => {
    const condition = decoder.decode(schemas.get('io.k8s.api.core.v1.PodCondition'), { type: 'Ready', status: 'True' });
    assert.deepEqual(condition, { type: 'Ready', status: 'True', lastProbeTime: null, lastTransitionTime: null });
    assert.deepEqual(decoder.decode(schemas.get('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'), { creationTimestamp: null }), {});
  });

  it('normalizes times, quantities and base64', () => {
    const secret = decoder.decode(schemas.get('io.k8s.api.core.v1.Secret'), {
      metadata: { creationTimestamp: '2026-01-02T03:04:05.678+02:00' },
      data: { a: 'aGVs\nbG8=' },
    });
    assert.deepEqual(secret, { metadata: { creationTimestamp: '2026-01-02T01:04:05Z' }, data: { a: 'aGVsbG8=' } });
    const lease = decoder.decode(schemas.get('io.k8s.api.coordination.v1.LeaseSpec'), { renewTime: '2026-01-02T03:04:05.5Z' });
    assert.deepEqual(lease, { renewTime: '2026-01-02T03:04:05.500000Z' });
    const resources = decoder.decode(schemas.get('io.k8s.api.core.v1.ResourceRequirements'), {
      limits: { memory: '0.5Gi', cpu: '1000m', 'example.com/x': 3 },
    });
    assert.deepEqual(resources, { limits: { cpu: '1', 'example.com/x': '3', memory: '512Mi' } });
  });

  it("tells wrong types in Go's words", () => {
    const message = (spec: object): string => {
      try {
        decoder.decode(pod, { spec: JSON.parse(JSON.stringify(spec)) });
      } catch (error) {
        return error instanceof Error ? error.message : '';
      }
      return 'none';
    };
    assert.equal(
      message({ containers: 'x' }),
      'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container',
    );
    assert.equal(
      message({ containers: [{ ports: [{ containerPort: '80' }] }] }),
      'json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32',
    );
    assert.equal(message({ priority: 1.5 }), 'json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32');
    assert.equal(
      message({ nodeSelector: { a: true } }),
      'json: cannot unmarshal bool into Go struct field PodSpec.spec.nodeSelector of type string',
    );
    assert.equal(
      message({ restartPolicy: [] }),
      'json: cannot unmarshal array into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy',
    );
    assert.equal(
      message({ containers: [{ resources: { limits: { cpu: 'x' } } }] }),
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  });

  it('costs as much as there is to decode', () => {
    const growth = growthOfEight(16, (size) => {
      const input = {
        metadata: { name: 'p', labels: Object.fromEntries(Array.from({ length: size }, (_, i) => [`l${i}`, 'x'])) },
        spec: {
          containers: Array.from({ length: size }, (_, i) => ({
            ...{ name: `c${i}`, image: 'i', ports: [{ containerPort: 80 }], resources: { limits: { cpu: '1', memory: '1Gi' } } },
            ...{ env: [{ name: 'A', value: 'b' }], volumeMounts: [{ name: 'v', mountPath: '/x' }] },
          })),
          volumes: [{ name: 'v', emptyDir: {} }],
        },
      };
      return () => decoder.decode(pod, input);
    });
    assert.ok(growth < 10, `eight times the containers cost ${growth} times the work`);
  });
});

describe('patchStrictErrors', () => {
  const found = (text: string, isJsonPatch = false): readonly string[] => patchStrictErrors(JSON.parse(text), text, isJsonPatch);

  it('names fields given twice by their whole path', () => {
    assert.deepEqual(found('{"spec":{"paused":true,"paused":false,"list":[{"a":1,"a":2}]}}'), [
      'duplicate field "spec.paused"',
      'duplicate field "spec.list[0].a"',
    ]);
    assert.deepEqual(found('{"a":{"b":1},"c":{"b":1}}'), []);
  });

  it('names unknown and repeated fields of a JSON patch', () => {
    assert.deepEqual(found('[{"op":"add","path":"/a","value":{"x":1},"foo":"x","op":"add"}]', true), [
      'json patch unknown field "[0].foo"',
      'json patch duplicate field "[0].op"',
    ]);
    assert.deepEqual(found('[{"op":"move","path":"/a","from":"/b"}]', true), []);
  });
});

describe('strictErrors', () => {
  it('names unknown fields by their path, in document order', () => {
    const json = { foo: 1, spec: { bar: {}, containers: [{ name: 'a' }, { image: 'x', Image: 'y' }] }, metadata: { labels: { any: 'x' } } };
    assert.deepEqual(strictErrors(schemas, pod, json, JSON.stringify(json)), [
      'unknown field "foo"',
      'unknown field "spec.bar"',
      'unknown field "spec.containers[1].Image"',
    ]);
  });

  it('names fields given twice', () => {
    const text =
      '{"metadata":{"name":"a","name":"\\"b\\\\","labels":{"x":"1","x":"2"}},"spec":{"containers":[{"name":"c" , "name" : "d","zz":[1,{"a":2}]}]}}';
    assert.deepEqual(strictErrors(schemas, pod, JSON.parse(text), text), [
      'duplicate field "metadata.name"',
      'duplicate field "metadata.labels.x"',
      'duplicate field "spec.containers[0].name"',
      'unknown field "spec.containers[0].zz"',
    ]);
  });
});

describe('decodeRequest', () => {
  const type = { group: '', version: 'v1', kind: 'Pod' };
  const request = { type, text: undefined, fieldValidation: 'Strict' } as const;

  it("wraps errors in upstream's BadRequest", () => {
    assert.throws(() => decodeRequest(decoder, schemas, pod, { ...request, json: { spec: { foo: 1 } } }), {
      code: 400,
      message: 'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.foo"',
    });
    assert.throws(() => decodeRequest(decoder, schemas, pod, { ...request, json: { spec: { containers: 'x' } } }), {
      code: 400,
      message:
        'Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container',
    });
  });

  it('returns warnings instead when told to', () => {
    const { object, warnings } = decodeRequest(decoder, schemas, pod, { ...request, json: { foo: 1 }, fieldValidation: 'Warn' });
    assert.deepEqual(warnings, ['unknown field "foo"']);
    assert.deepEqual(Object.keys(object), ['kind', 'apiVersion', 'metadata', 'spec', 'status']);
  });
});
