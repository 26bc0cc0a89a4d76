/** Beta versions of resource.k8s.io, through the whole API. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sending, testApp } from '../../server/http/test-app.ts';
import type { JsonObject } from '../json.ts';

type App = ReturnType<typeof testApp>;

const path = (version: string, plural: string): string =>
  `/apis/resource.k8s.io/${version}${plural.startsWith('resourceclaim') ? '/namespaces/default' : ''}/${plural}`;

/** Creates an object in v1beta1; what it is in v1, and in v1beta1 again. */
async function converted(plural: string, object: JsonObject, app: App = testApp()) {
  const answer = await app.fetch(path('v1beta1', plural), sending('POST', { metadata: { name: 'a' }, ...object }));
  assert.equal(answer.status, 201, await answer.clone().text());
  const read = async (version: string) => (await app.json(`${path(version, plural)}/a`)).body as JsonObject & { readonly spec: JsonObject };
  return { warning: answer.headers.get('warning'), stored: await read('v1'), old: await read('v1beta1'), second: await read('v1beta2') };
}

const requestsOf = (spec: JsonObject) => (spec.devices as JsonObject).requests;

describe('a claim of v1beta1', () => {
  it('asks for devices of one class in the request itself, with the defaults of v1', async () => {
    const requests = [
      { name: 'one', deviceClassName: 'c', tolerations: [{ key: 'k' }] },
      { name: 'other', firstAvailable: [{ name: 'x', deviceClassName: 'd' }] },
    ];
    const { warning, stored, old, second } = await converted('resourceclaims', { spec: { devices: { requests } } });
    assert.equal(warning, '299 - "resource.k8s.io/v1beta1 ResourceClaim is deprecated in v1.35+, unavailable in v1.38+"');
    const exact = { deviceClassName: 'c', allocationMode: 'ExactCount', count: 1, tolerations: [{ key: 'k', operator: 'Equal' }] };
    const alternatives = [{ name: 'x', deviceClassName: 'd', allocationMode: 'ExactCount', count: 1 }];
    const nested = [
      { name: 'one', exactly: exact },
      { name: 'other', firstAvailable: alternatives },
    ];
    assert.deepEqual(requestsOf(stored.spec), nested);
    assert.deepEqual(requestsOf(second.spec), nested);
    const [one, other] = requestsOf(old.spec) as readonly JsonObject[];
    assert.deepEqual(one, { name: 'one', ...exact });
    // The class of a request is a field without omitempty there.
    assert.deepEqual(other, { name: 'other', deviceClassName: '', firstAvailable: alternatives });
  });

  it('is refused when it asks for nothing, or for one thing in two ways', async () => {
    const refused = async (request: JsonObject) => {
      const body = { metadata: { name: 'a' }, spec: { devices: { requests: [request] } } };
      const { status, body: answer } = await testApp().json(path('v1beta1', 'resourceclaims'), sending('POST', body));
      assert.equal(status, 422, JSON.stringify(answer));
      return String(answer.message);
    };
    assert.match(await refused({ name: 'one' }), /exactly one of `exactly` or `firstAvailable` is required/);
    assert.match(
      await refused({ name: 'one', deviceClassName: 'c', firstAvailable: [{ name: 'x', deviceClassName: 'd' }] }),
      /exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set/,
    );
  });

  it('comes from a template of the same form', async () => {
    const spec = { spec: { devices: { requests: [{ name: 'one', deviceClassName: 'c' }] } } };
    const { stored, old } = await converted('resourceclaimtemplates', { spec });
    const exact = { deviceClassName: 'c', allocationMode: 'ExactCount', count: 1 };
    assert.deepEqual(requestsOf(stored.spec.spec as JsonObject), [{ name: 'one', exactly: exact }]);
    assert.deepEqual(requestsOf(old.spec.spec as JsonObject), [{ name: 'one', ...exact }]);
  });
});

describe('a slice of v1beta1', () => {
  const pool = { name: 'p', generation: 1, resourceSliceCount: 1 };

  it('tells what devices are like below `basic`', async () => {
    const basic = { attributes: { model: { string: 'm' } }, capacity: { memory: { value: '1Gi' } } };
    const devices = [{ name: 'd', basic }];
    const { stored, old } = await converted('resourceslices', { spec: { driver: 'a.example.com', pool, nodeName: 'n', devices } });
    assert.deepEqual(stored.spec.devices, [{ name: 'd', ...basic }]);
    assert.deepEqual(old.spec.devices, devices);
    assert.deepEqual([stored.spec.nodeName, stored.spec.allNodes, old.spec.allNodes], ['n', undefined, undefined]);
  });

  it('says nothing of nodes by an empty name or false', async () => {
    const spec = { driver: 'a.example.com', pool, nodeName: '', allNodes: true, devices: [{ name: 'd', basic: {} }] };
    const { stored, old } = await converted('resourceslices', { spec });
    assert.deepEqual([stored.spec.nodeName, stored.spec.allNodes, old.spec.allNodes], [undefined, true, true]);
  });
});
