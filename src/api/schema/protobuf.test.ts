import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import type { JsonObject } from '../json.ts';
import { Decoder } from './decode.ts';
import { loadSchemas } from './load.ts';
import { decodeWatchFrame, encodeWatchFrame, Protobuf, ProtobufError } from './protobuf.ts';

const schemas = loadSchemas(brotliDecompressSync);
const decoder = new Decoder(schemas);
const codec = new Protobuf(schemas);
const none = { apiVersion: '', kind: '' };

/** Canonical JSON → protobuf → canonical JSON. */
function roundTrip(model: string, object: JsonObject): void {
  const schema = schemas.get(model);
  const canonical = decoder.decode(schema, object);
  assert.deepEqual(decoder.decode(schema, codec.decode(codec.encode(canonical), none)), canonical);
}

describe('Protobuf', () => {
  it('keeps a Pod with everything special in it', () => {
    roundTrip('io.k8s.api.core.v1.Pod', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'p',
        creationTimestamp: '2026-01-02T03:04:05Z',
        labels: { a: 'b', ü: '€' },
        deletionGracePeriodSeconds: -1,
        managedFields: [{ manager: 'm', fieldsV1: { 'f:spec': { 'f:x': {} } }, time: '2026-01-02T03:04:05Z' }],
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u', controller: false }],
      },
      spec: {
        containers: [
          {
            name: 'c',
            resources: { limits: { cpu: '500m', memory: '1Gi' } },
            livenessProbe: { httpGet: { port: 'http', path: '/' }, initialDelaySeconds: 3 },
            readinessProbe: { tcpSocket: { port: 8080 }, terminationGracePeriodSeconds: 2 ** 40 },
            env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cm', key: 'k', optional: true } } }],
            ports: [{ containerPort: 80, protocol: 'TCP' }],
          },
        ],
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'w', secret: { secretName: 's', defaultMode: 420 } },
        ],
        priority: 0,
        securityContext: { supplementalGroups: [1, 2, 3], runAsNonRoot: false },
      },
      status: { podIPs: [{ ip: '10.0.0.1' }], startTime: '2026-01-02T03:04:05Z', conditions: [{ type: 'Ready', status: 'True' }] },
    });
  });

  it('keeps bytes, micro times, lists of objects and extra values', () => {
    roundTrip('io.k8s.api.core.v1.Secret', { apiVersion: 'v1', kind: 'Secret', data: { a: 'AAEC/w==', empty: '' }, immutable: false });
    roundTrip('io.k8s.api.coordination.v1.Lease', {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      spec: { renewTime: '2026-01-02T03:04:05.678901Z', leaseDurationSeconds: 40 },
    });
    roundTrip('io.k8s.api.core.v1.ConfigMapList', {
      apiVersion: 'v1',
      kind: 'ConfigMapList',
      metadata: { resourceVersion: '7', remainingItemCount: 3 },
      items: [{ metadata: { name: 'a' }, data: { k: 'v' } }, {}],
    });
    roundTrip('io.k8s.api.authentication.v1.TokenReview', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      status: { user: { username: 'u', extra: { scopes: ['a', 'b'], none: [] } } },
    });
    roundTrip('io.k8s.apimachinery.pkg.apis.meta.v1.Status', {
      apiVersion: 'v1',
      kind: 'Status',
      status: 'Failure',
      code: 404,
      details: { name: 'x', causes: [{ reason: 'r', message: 'm', field: 'f' }] },
    });
    roundTrip('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions', {
      apiVersion: 'apps/v1',
      kind: 'DeleteOptions',
      gracePeriodSeconds: 0,
      propagationPolicy: 'Background',
      preconditions: { uid: 'u' },
    });
  });

  it('keeps durations and maps of quantities', () => {
    roundTrip('io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics', {
      apiVersion: 'metrics.k8s.io/v1beta1',
      kind: 'PodMetrics',
      timestamp: '2026-01-02T03:04:05Z',
      window: '1m15.001s',
      containers: [{ name: 'c', usage: { cpu: '12345678n', memory: '5Mi' } }],
    });
  });

  it('keeps the schemas of custom resource definitions', () => {
    roundTrip('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition', {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      spec: {
        group: 'g',
        scope: 'Namespaced',
        names: { plural: 'xs', kind: 'X' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                additionalProperties: false,
                maximum: 1.5,
                properties: {
                  a: { type: 'array', items: { type: 'string', default: 'x', enum: ['x', 1, null] } },
                  b: { 'x-kubernetes-validations': [{ rule: 'self > 0' }], additionalProperties: { type: 'string' } },
                },
              },
            },
          },
        ],
      },
    });
  });

  it('compiles every kind of the API', () => {
    const kinds = schemas
      .names()
      .map((name) => schemas.get(name))
      .filter((schema) => schema.isKind && schema.group !== undefined);
    const supported = kinds.filter((schema) => {
      const apiVersion = schema.group === '' || schema.group === 'meta.k8s.io' ? schema.version : `${schema.group}/${schema.version}`;
      if (!codec.supports(apiVersion, schema.name)) return false;
      const zero = decoder.decode(schema, { apiVersion, kind: schema.name });
      assert.deepEqual(decoder.decode(schema, codec.decode(codec.encode(zero), none)), zero, schema.model);
      return true;
    });
    assert.ok(supported.length > 250, `${supported.length} of ${kinds.length}`);
  });

  it("writes the envelope that Go's serializer writes", () => {
    const bytes = codec.encode({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } });
    const expected = [
      0x6b,
      0x38,
      0x73,
      0,
      0x0a,
      15,
      0x0a,
      2,
      0x76,
      0x31,
      0x12,
      9,
      ...Buffer.from('Namespace'),
      0x12,
      5,
      0x0a,
      3,
      0x0a,
      1,
      0x78,
      0x1a,
      0,
      0x22,
      0,
    ];
    assert.deepEqual([...bytes], expected);
  });

  it('refuses what is no message', () => {
    assert.throws(() => codec.decode(Buffer.from('{}'), none), {
      name: 'ProtobufError',
      message: 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    });
    const bytes = codec.encode({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } });
    assert.throws(() => codec.decode(bytes.subarray(0, bytes.length - 8), none), ProtobufError);
    assert.throws(() => codec.encode({ apiVersion: 'meta.k8s.io/v1', kind: 'Table' }), ProtobufError);
  });

  it('frames watch events', () => {
    const object = codec.encode({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } });
    const frame = encodeWatchFrame('ADDED', object);
    assert.equal(decodeWatchFrame(frame.subarray(0, 7)), undefined);
    const event = decodeWatchFrame(Buffer.concat([frame, frame]));
    assert.equal(event?.type, 'ADDED');
    assert.equal(event?.length, frame.length);
    assert.deepEqual(new Uint8Array(event?.object ?? []), new Uint8Array(object));
  });
});
