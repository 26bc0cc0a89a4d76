import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import protobuf from 'protobufjs/minimal.js';
import type { JsonObject, JsonValue } from '../json.ts';
import { defineKind } from '../kind.ts';
import { scaleSubresource } from '../scale-subresource.ts';
import { proxySubresource, statusSubresource, streamSubresource } from '../subresource.ts';
import { loadDescriptions } from './descriptions.ts';
import { loadSchemas } from './load.ts';
import { createOpenApi } from './openapi.ts';

const pod = defineKind({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  scope: 'Namespaced',
  codec: { schema: 'io.k8s.api.core.v1.Pod' },
  subresources: {
    status: statusSubresource(),
    binding: { does: 'create', verbs: ['create'], body: { group: '', version: 'v1', kind: 'Binding' } },
    log: { does: 'read', verbs: ['get'], options: { group: '', version: 'v1', kind: 'PodLogOptions' } },
    exec: streamSubresource('container', 'PodExecOptions'),
    proxy: proxySubresource('PodProxyOptions'),
  },
});
const deployment = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  scope: 'Namespaced',
  codec: { schema: 'io.k8s.api.apps.v1.Deployment' },
  subresources: {
    status: statusSubresource(),
    scale: scaleSubresource({ replicas: () => 0, statusReplicas: () => 0, selector: () => '', withReplicas: (object) => object }),
  },
});

const openApi = createOpenApi({
  schemas: loadSchemas(brotliDecompressSync),
  descriptions: () => loadDescriptions(brotliDecompressSync),
  kinds: () => [pod, deployment],
  version: 'v1.36.0',
});

const computed = [
  {
    kind: defineKind({
      group: 'authentication.k8s.io',
      version: 'v1',
      kind: 'TokenReview',
      plural: 'tokenreviews',
      scope: 'Cluster',
      codec: { schema: 'io.k8s.api.authentication.v1.TokenReview' },
    }),
    verbs: ['create'],
  },
] as const;

/** Walks down a document by keys. */
function at(value: JsonValue | undefined, ...path: readonly string[]): JsonValue | undefined {
  let here = value;
  for (const name of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as JsonObject)[name];
  }
  return here;
}

/** Every `$ref` of a document. */
function references(value: JsonValue | undefined, found = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, item] of Object.entries(value)) {
    if (key === '$ref' && typeof item === 'string') found.add(item);
    else references(item, found);
  }
  return found;
}

describe('OpenAPI v3', () => {
  const document = openApi.v3('apis/apps/v1');
  const schemas = at(document, 'components', 'schemas');

  it('lists its documents', () => {
    assert.deepEqual(openApi.v3Paths(computed), [
      ...['.well-known/openid-configuration', 'api', 'api/v1', 'apis', 'apis/apps', 'apis/apps/v1', 'apis/authentication.k8s.io'],
      ...['apis/authentication.k8s.io/v1', 'openid/v1/jwks', 'version'],
    ]);
    assert.equal(openApi.v3('apis/none/v1'), undefined);
    assert.equal(openApi.v3('apis/none'), undefined);
  });

  it('has a document for each path that serves no resources, with the models of its answer alone', () => {
    const models = (path: string): readonly string[] => Object.keys((at(openApi.v3(path), 'components', 'schemas') ?? {}) as JsonObject);
    const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';
    assert.deepEqual(models('apis/apps'), [`${meta}.APIGroup`, `${meta}.GroupVersionForDiscovery`, `${meta}.ServerAddressByClientCIDR`]);
    assert.deepEqual(models('version'), ['io.k8s.apimachinery.pkg.version.Info']);
    assert.deepEqual(models('openid/v1/jwks'), []);
    assert.deepEqual(Object.keys(at(openApi.v3('apis/apps'), 'paths') as JsonObject), ['/apis/apps/']);
  });

  it('describes the old paths of watches, whose events belong to every version', () => {
    const watch = at(document, 'paths', '/apis/apps/v1/watch/namespaces/{namespace}/deployments/{name}');
    assert.equal(at(watch, 'get', 'operationId'), 'watchAppsV1NamespacedDeployment');
    assert.equal(at(watch, 'get', 'x-kubernetes-action'), 'watch');
    const names = (at(watch, 'parameters') as JsonObject[]).map(({ name }) => name);
    assert.deepEqual(names.slice(0, 3), ['name', 'namespace', 'pretty']);
    assert.ok(names.includes('resourceVersion'));
    assert.deepEqual(at(schemas, 'io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent', 'x-kubernetes-group-version-kind'), [
      { group: '', kind: 'WatchEvent', version: 'v1' },
      { group: 'apps', kind: 'WatchEvent', version: 'v1' },
    ]);
  });

  it('says which fields of a union exclude each other', () => {
    assert.deepEqual(at(schemas, 'io.k8s.api.core.v1.SeccompProfile', 'x-kubernetes-unions'), [
      { discriminator: 'type', 'fields-to-discriminateBy': { localhostProfile: 'LocalhostProfile' } },
    ]);
  });

  it('describes kinds with references in allOf, defaults and extensions', () => {
    assert.deepEqual(at(schemas, 'io.k8s.api.apps.v1.Deployment', 'x-kubernetes-group-version-kind'), [
      { group: 'apps', kind: 'Deployment', version: 'v1' },
    ]);
    const spec = at(schemas, 'io.k8s.api.apps.v1.DeploymentSpec');
    assert.deepEqual(at(spec, 'required'), ['selector', 'template']);
    assert.deepEqual(at(spec, 'properties', 'strategy', 'allOf'), [{ $ref: '#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy' }]);
    assert.deepEqual(at(spec, 'properties', 'strategy', 'default'), {});
    assert.equal(at(spec, 'properties', 'strategy', 'x-kubernetes-patch-strategy'), 'retainKeys');
    assert.deepEqual(at(spec, 'properties', 'replicas'), {
      description: 'Number of desired pods. This is a pointer to distinguish between explicit zero and not specified. Defaults to 1.',
      format: 'int32',
      type: 'integer',
    });
    const ports = at(schemas, 'io.k8s.api.core.v1.Container', 'properties', 'ports');
    assert.deepEqual(at(ports, 'x-kubernetes-list-map-keys'), ['containerPort', 'protocol']);
    assert.equal(at(ports, 'x-kubernetes-list-type'), 'map');
    assert.equal(at(ports, 'x-kubernetes-patch-merge-key'), 'containerPort');
    assert.deepEqual(at(schemas, 'io.k8s.api.core.v1.ContainerPort', 'properties', 'protocol', 'enum'), ['SCTP', 'TCP', 'UDP']);
    assert.equal(at(schemas, 'io.k8s.api.core.v1.ContainerPort', 'properties', 'protocol', 'default'), 'TCP');
    assert.deepEqual(at(schemas, 'io.k8s.apimachinery.pkg.util.intstr.IntOrString', 'oneOf'), [{ type: 'integer' }, { type: 'string' }]);
  });

  it('resolves every reference', () => {
    for (const path of openApi.v3Paths(computed)) {
      const whole = openApi.v3(path, computed);
      for (const reference of references(whole)) {
        const model = reference.replace('#/components/schemas/', '');
        assert.ok(at(whole, 'components', 'schemas', model) !== undefined, reference);
      }
    }
  });

  it('tells the verbs of every path', () => {
    const path = at(document, 'paths', '/apis/apps/v1/namespaces/{namespace}/deployments/{name}');
    assert.equal(at(path, 'patch', 'x-kubernetes-action'), 'patch');
    assert.equal(at(path, 'patch', 'operationId'), 'patchAppsV1NamespacedDeployment');
    assert.deepEqual(at(path, 'patch', 'x-kubernetes-group-version-kind'), { group: 'apps', kind: 'Deployment', version: 'v1' });
    const names = (at(path, 'patch', 'parameters') as JsonObject[]).map(({ name }) => name);
    assert.deepEqual(names, ['dryRun', 'fieldManager', 'fieldValidation', 'force']);
    const scale = at(document, 'paths', '/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale', 'get');
    assert.equal(at(scale, 'operationId'), 'readAppsV1NamespacedDeploymentScale');
    assert.deepEqual(at(scale, 'x-kubernetes-group-version-kind'), { group: 'autoscaling', kind: 'Scale', version: 'v1' });
    const reviews = at(openApi.v3('apis/authentication.k8s.io/v1', computed), 'paths', '/apis/authentication.k8s.io/v1/tokenreviews');
    assert.deepEqual(Object.keys(reviews as JsonObject), ['post', 'parameters']);
  });

  it('tells that a proxy takes every method, also below its path, and prints nothing for people', () => {
    const below = at(openApi.v3('api/v1', computed), 'paths', '/api/v1/namespaces/{namespace}/pods/{name}/proxy/{path}') as JsonObject;
    assert.deepEqual(Object.keys(below).toSorted(), ['delete', 'get', 'head', 'options', 'parameters', 'patch', 'post', 'put']);
    assert.equal(at(below, 'head', 'operationId'), 'connectCoreV1HeadNamespacedPodProxyWithPath');
    assert.deepEqual(
      (below.parameters as JsonObject[]).map(({ name }) => name),
      ['name', 'namespace', 'path'],
    );
  });
});

describe('OpenAPI v2', () => {
  const document = openApi.v2(computed);

  it('puts references beside descriptions and leaves defaults out', () => {
    const container = at(document, 'definitions', 'io.k8s.api.core.v1.Container', 'properties', 'resources');
    assert.equal(at(container, '$ref'), '#/definitions/io.k8s.api.core.v1.ResourceRequirements');
    assert.equal(at(container, 'default'), undefined);
    assert.deepEqual(at(document, 'definitions', 'io.k8s.apimachinery.pkg.util.intstr.IntOrString', 'format'), 'int-or-string');
  });

  it('resolves every reference and gives every operation its own id', () => {
    for (const reference of references(document)) {
      assert.ok(at(document, 'definitions', reference.replace('#/definitions/', '')) !== undefined, reference);
    }
    const ids = Object.values(at(document, 'paths') as JsonObject)
      .flatMap((path) => Object.values(path as JsonObject))
      .map((operation) => at(operation, 'operationId'))
      .filter((id) => id !== undefined);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('encodes as a gnostic document', () => {
    const reader = protobuf.Reader.create(openApi.v2Protobuf(computed));
    const fields = new Map<number, number>();
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag >>> 3 === 1) assert.equal(reader.string(), '2.0');
      else reader.skipType(tag & 7);
      fields.set(tag >>> 3, (fields.get(tag >>> 3) ?? 0) + 1);
    }
    assert.deepEqual([...fields.keys()], [1, 2, 8, 9, 12, 13]);
  });
});
