import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { AuthorizationAttributes } from '../ports.ts';
import { noStreams, sending, testApp } from '../test-app.ts';

async function start(t: TestContext) {
  const asked: string[] = [];
  const authorized: AuthorizationAttributes[] = [];
  const { fetch } = testApp({
    nodeApis: {
      get: (node, path, query) => {
        asked.push(`${node} ${path} ${query}`);
        return node === 'n' ? Promise.resolve({ status: 200, contentType: 'text/plain', body: 'answer' }) : undefined;
      },
    },
    authorizer: {
      authorize: (attributes) => {
        authorized.push(attributes);
        return { allowed: attributes.user.name !== 'jane', reason: '' };
      },
    },
    podStreams: {
      ...noStreams,
      logs: async (ref, container, { tailLines }, sink) => {
        sink.write(`${ref.namespace}/${ref.name}/${container} ${tailLines}`);
      },
    },
    podsAreReachable: false,
  });
  t.after(() => undefined);
  for (const name of ['n', 'away']) {
    await fetch('/api/v1/nodes', sending('POST', { apiVersion: 'v1', kind: 'Node', metadata: { name } }));
    const status = {
      status: { daemonEndpoints: { kubeletEndpoint: { Port: 10250 } }, addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] },
    };
    await fetch(`/api/v1/nodes/${name}/status`, sending('PATCH', status, { 'content-type': 'application/merge-patch+json' }));
  }
  return { fetch, asked, authorized };
}

describe('nodes/proxy', () => {
  it("asks the node's kubelet, by its name alone, with its port, and with a scheme", async (t) => {
    const { fetch, asked, authorized } = await start(t);
    for (const name of ['n', 'n:10250', 'https:n:10250', 'https:n:']) {
      const response = await fetch(`/api/v1/nodes/${name}/proxy/stats/summary?only_cpu_and_memory=true`);
      assert.deepEqual(
        [response.status, await response.text(), asked.pop()],
        [200, 'answer', 'n /stats/summary only_cpu_and_memory=true'],
        name,
      );
    }
    const last = authorized.at(-1);
    assert.deepEqual([last?.verb, last?.resource, last?.subresource], ['get', 'nodes', 'proxy']);
  });

  it('streams logs of containers', async (t) => {
    const { fetch } = await start(t);
    const response = await fetch('/api/v1/nodes/n/proxy/containerLogs/default/p/main?tailLines=3');
    assert.deepEqual([response.status, await response.text()], [200, 'default/p/main 3']);
  });

  it('needs permission, the node, and its kubelet', async (t) => {
    const { fetch } = await start(t);
    assert.equal((await fetch('/api/v1/nodes/n/proxy/pods', { headers: { authorization: 'Bearer jane' } })).status, 403);
    assert.equal((await fetch('/api/v1/nodes/none/proxy/pods')).status, 404);
    assert.equal((await fetch('/api/v1/nodes/away/proxy/pods')).status, 503);
    assert.equal((await fetch('/api/v1/nodes/n:80/proxy/')).status, 503);
    assert.equal((await fetch('/api/v1/nodes/a:b:c:d/proxy/')).status, 400);
    assert.equal((await fetch('/api/v1/nodes/n/proxy')).status, 301);
  });
});
