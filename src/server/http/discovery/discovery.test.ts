import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { compareVersions } from '../../../api/version-order.ts';
import { ServiceAccountTokens } from '../../auth/service-account-tokens.ts';
import { openIdDocuments } from '../openid.ts';
import { testApp } from '../test-app.ts';

interface Resource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly group?: string;
}

describe('discovery', () => {
  it('lists groups and their versions', async () => {
    const { json } = testApp();
    assert.deepEqual((await json('/api')).body.versions, ['v1']);
    const groups = (await json('/apis')).body.groups as { name: string; preferredVersion: { groupVersion: string } }[];
    assert.equal(groups.find(({ name }) => name === 'apps')?.preferredVersion.groupVersion, 'apps/v1');
    assert.equal((await json('/apis/apps')).body.kind, 'APIGroup');
  });

  it('lists resources with sub-resources, sorted as upstream', async () => {
    const { json } = testApp();
    const { body } = await json('/api/v1');
    const resources = body.resources as Resource[];
    const names = resources.map(({ name }) => name);
    assert.deepEqual(names.slice(0, 2), ['bindings', 'componentstatuses']);
    assert.ok(names.indexOf('pods/attach') > names.indexOf('pods'));
    const pods = resources.find(({ name }) => name === 'pods');
    assert.deepEqual(pods?.verbs, ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']);
    assert.deepEqual(pods?.shortNames, ['po']);
    assert.deepEqual(resources.find(({ name }) => name === 'pods/exec')?.verbs, ['create', 'get']);
    const scale = ((await json('/apis/apps/v1')).body.resources as Resource[]).find(({ name }) => name === 'deployments/scale');
    assert.deepEqual([scale?.kind, scale?.group, scale?.verbs], ['Scale', 'autoscaling', ['get', 'patch', 'update']]);
  });

  it('says everything at once to who asks for it, with an ETag', async () => {
    const { fetch } = testApp();
    for (const version of ['v2', 'v2beta1']) {
      const accept = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList,application/json`;
      const response = await fetch('/apis', { headers: { accept } });
      assert.equal(response.headers.get('content-type'), `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`);
      const body = (await response.json()) as { kind: string; apiVersion: string; items: { metadata: { name: string } }[] };
      assert.deepEqual([body.kind, body.apiVersion], ['APIGroupDiscoveryList', `apidiscovery.k8s.io/${version}`]);
      assert.ok(body.items.some(({ metadata }) => metadata.name === 'apps'));
      const etag = response.headers.get('etag') ?? '';
      assert.equal((await fetch('/apis', { headers: { accept, 'if-none-match': etag } })).status, 304);
    }
  });

  it('orders versions by stability', () => {
    const versions = ['v1beta1', 'foo10', 'v1', 'v11alpha2', 'v10', 'v2beta2', 'foo1', 'v3beta1'];
    assert.deepEqual(versions.toSorted(compareVersions), ['v10', 'v1', 'v3beta1', 'v2beta2', 'v1beta1', 'v11alpha2', 'foo1', 'foo10']);
  });
});

describe('paths that are no resources', () => {
  it('serves version, index, metrics and OpenAPI', async () => {
    const { json, fetch } = testApp();
    assert.match(String((await json('/version')).body.gitVersion), /^v1\.36\.\d+\+/);
    const { paths } = (await json('/')).body as { paths: string[] };
    for (const path of ['/api/v1', '/apis/apps/v1', '/healthz/ping', '/version']) assert.ok(paths.includes(path), path);
    assert.match(await (await fetch('/metrics')).text(), /apiserver_request_total\{code="200",/);
    const index = (await json('/openapi/v3')).body.paths as Record<string, { serverRelativeURL: string }>;
    const url = index['apis/apps/v1']?.serverRelativeURL ?? '';
    const document = await fetch(url);
    assert.equal(document.status, 200);
    assert.equal(document.headers.get('cache-control'), 'public, immutable');
    assert.equal((await fetch(url, { headers: { 'if-none-match': document.headers.get('etag') ?? '' } })).status, 304);
    assert.equal((await fetch('/openapi/v3/apis/apps/v1?hash=OLD')).status, 301);
    assert.equal((await fetch('/openapi/v3/apis/none/v1')).status, 200);
    assert.equal((await json('/openapi/v2')).body.swagger, '2.0');
  });

  it('sends large OpenAPI documents compressed to whom takes that, and as they are to others', async () => {
    const large = { swagger: '2.0', info: { description: 'text '.repeat(100_000) } };
    const { fetch } = testApp({ openApi: { v2: () => Promise.resolve(large), v3Paths: () => [], v3: () => Promise.resolve(undefined) } });
    const packed = await fetch('/openapi/v2', { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(packed.headers.get('content-encoding'), 'gzip');
    const plain = await fetch('/openapi/v2');
    assert.equal(plain.headers.get('content-encoding'), null);
    assert.equal(packed.headers.get('etag'), plain.headers.get('etag'));
    const text = await plain.text();
    assert.deepEqual(JSON.parse(text), large);
    assert.equal(gunzipSync(await packed.arrayBuffer()).toString('utf8'), text);
    const head = await fetch('/openapi/v2', { method: 'HEAD', headers: { 'accept-encoding': 'gzip' } });
    assert.equal(head.headers.get('content-length'), String(text.length));
  });

  it('lets whoever reads the documents verify tokens', async () => {
    for (const { privateKey } of [
      generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ]) {
      const tokens = new ServiceAccountTokens({ privateKey, objects: { get: () => ({ metadata: { uid: 'u' } }) } });
      const { issuer, algorithm } = tokens;
      const { json } = testApp({
        documents: openIdDocuments({ issuer, algorithm, origin: 'https://here', jwk: async () => ({ ...(await tokens.jwk()) }) }),
      });
      const found = (await json('/.well-known/openid-configuration')).body as { issuer: string; jwks_uri: string };
      const keys = (await json(new URL(found.jwks_uri).pathname)).body as unknown as JSONWebKeySet;
      const subject = { namespace: 'ns', serviceAccount: { name: 'sa', uid: 'u' } };
      const token = await tokens.issue({ subject, audiences: ['them'], expirationSeconds: 600, warnAfterSeconds: 0 });
      const { payload } = await jwtVerify(token, createLocalJWKSet(keys), { issuer: found.issuer, audience: 'them' });
      assert.equal(payload.sub, 'system:serviceaccount:ns:sa');
    }
  });

  it('says how service-account tokens are verified', async () => {
    const documents = openIdDocuments({
      issuer: 'https://issuer',
      algorithm: 'ES256',
      origin: 'https://here:1',
      jwk: () => Promise.resolve({ kid: 'k' }),
    });
    const { json, fetch } = testApp({ documents });
    const keys = await fetch('/openid/v1/jwks');
    assert.equal(keys.headers.get('content-type'), 'application/jwk-set+json');
    assert.equal(keys.headers.get('cache-control'), 'public, max-age=3600');
    assert.deepEqual(await keys.json(), { keys: [{ kid: 'k' }] });
    assert.deepEqual((await json('/.well-known/openid-configuration')).body, {
      issuer: 'https://issuer',
      jwks_uri: 'https://here:1/openid/v1/jwks',
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    });
    assert.ok(((await json('/')).body.paths as string[]).includes('/openid/v1/jwks'));
  });

  it('shows the component statuses', async () => {
    const { json, fetch } = testApp({
      healthChecks: [{ name: 'scheduler', endpoints: ['livez'], check: () => Promise.reject(new Error('not elected')) }],
    });
    const { body } = await json('/api/v1/componentstatuses');
    const items = body.items as { metadata: { name: string }; conditions: { status: string }[] }[];
    assert.deepEqual(
      items.map(({ metadata, conditions }) => `${metadata.name} ${conditions[0]?.status}`),
      ['scheduler False', 'controller-manager True', 'etcd-0 True'],
    );
    assert.equal((await fetch('/api/v1/componentstatuses/etcd-0')).status, 200);
    assert.equal((await fetch('/api/v1/componentstatuses/etcd-7')).status, 404);
  });
});

describe('health', () => {
  it('is ok, says why when verbose, and always when not healthy', async () => {
    let healthy = true;
    const { fetch } = testApp({
      healthChecks: [
        { name: 'etcd', endpoints: ['readyz', 'livez'], check: () => (healthy ? undefined : Promise.reject(new Error('disk full'))) },
      ],
    });
    const text = async (path: string): Promise<string> => {
      const response = await fetch(path);
      // What the server itself starts holds as long as it answers.
      return `${response.status} ${(await response.text()).replaceAll(/^\[\+\](log|informer-sync|autoregister-completion|poststarthook\/.*|shutdown) ok\n/gm, '')}`;
    };
    assert.equal(await text('/readyz'), '200 ok');
    assert.equal(await text('/readyz?verbose'), '200 [+]ping ok\n[+]etcd ok\nreadyz check passed\n');
    healthy = false;
    assert.equal(await text('/readyz'), '500 [+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n');
    assert.equal(await text('/readyz?exclude=etcd'), '200 ok');
    assert.equal(await text('/readyz/ping'), '200 ok');
    assert.equal(await text('/livez/etcd'), '500 internal server error: disk full\n');
    assert.equal(await text('/healthz'), '200 ok');
    assert.equal(await text('/readyz/none'), '404 404 page not found\n');
  });
});
