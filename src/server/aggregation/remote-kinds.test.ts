import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { loadSchemas } from '../../api/schema/load.ts';
import { sending, testApp } from '../http/test-app.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { RemoteApis } from './remote-apis.ts';
import { RemoteKinds } from './remote-kinds.ts';

const group = 'wardle.example.com';
const path = '/apis/apiregistration.k8s.io/v1/apiservices';
const flunders = { name: 'flunders', namespaced: true, kind: 'Flunder', verbs: ['get', 'list', 'watch', 'delete'] };

async function setUp() {
  const store = createMemoryStore();
  const { json } = testApp({}, store);
  const apis = new RemoteApis(store);
  const kinds = new RemoteKinds(apis, loadSchemas(brotliDecompressSync));
  const changes: string[] = [];
  kinds.onChange(({ added, removed }) => {
    changes.push(...removed.map(({ apiVersion, plural }) => `-${apiVersion}/${plural}`));
    changes.push(...added.map(({ apiVersion, plural }) => `+${apiVersion}/${plural}`));
  });
  const register = async (version: string, versionPriority: number): Promise<void> => {
    const spec = { group, version, versionPriority, groupPriorityMinimum: 1000, service: { namespace: 'default', name: 'api' } };
    await json(path, sending('POST', { metadata: { name: `${version}.${group}` }, spec: { ...spec, insecureSkipTLSVerify: true } }));
  };
  const learn = (version: string, resources: readonly object[]): void => {
    const api = apis.find(group, version);
    assert.ok(api);
    apis.learn(api, JSON.parse(JSON.stringify({ resources })));
  };
  return { json, kinds, changes, register, learn };
}

describe('the kinds of other servers', () => {
  it('are those that can be listed and deleted, without sub-resources', async () => {
    const { kinds, changes, register, learn } = await setUp();
    await register('v1', 5);
    assert.deepEqual([kinds.all, kinds.missing], [[], [`${group}/v1`]]);
    const fischers = { name: 'fischers', namespaced: false, kind: 'Fischer', verbs: ['list', 'delete'] };
    const pods = { name: 'pods', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] };
    learn('v1', [flunders, { ...flunders, name: 'flunders/status' }, fischers, pods]);
    assert.deepEqual(changes, [`+${group}/v1/flunders`, `+${group}/v1/fischers`]);
    const [flunder, fischer] = kinds.all;
    assert.ok(flunder !== undefined && fischer !== undefined && kinds.has(flunder));
    assert.deepEqual([flunder.scope, fischer.scope], ['Namespaced', 'Cluster']);
    assert.equal(kinds.byKind(group, 'v1', 'Flunder'), flunder);
    assert.deepEqual([kinds.supports(flunder, 'watch'), kinds.supports(fischer, 'watch')], [true, false]);
  });

  it('come in the preferred version, stay the same while nothing about them changes, and go with their APIService', async () => {
    const { json, kinds, changes, register, learn } = await setUp();
    await register('v1', 5);
    learn('v1', [flunders]);
    const [before] = kinds.all;
    await register('v1beta1', 3);
    learn('v1beta1', [flunders]);
    assert.deepEqual(kinds.all, [before]);
    await json(`${path}/v1.${group}`, { method: 'DELETE' });
    assert.deepEqual(changes, [`+${group}/v1/flunders`, `-${group}/v1/flunders`, `+${group}/v1beta1/flunders`]);
    assert.ok(before !== undefined && kinds.has(before), 'it is still known whose it was');
  });

  it('are missing until their server is available', async () => {
    const { json, kinds, register, learn } = await setUp();
    await register('v1', 5);
    learn('v1', [flunders]);
    const says = (status: string) =>
      json(
        `${path}/v1.${group}/status`,
        sending('PATCH', { status: { conditions: [{ type: 'Available', status }] } }, { 'content-type': 'application/merge-patch+json' }),
      );
    await says('True');
    assert.deepEqual(kinds.missing, []);
    await says('False');
    assert.deepEqual([kinds.missing, kinds.all.length], [[`${group}/v1`], 1]);
  });
});
