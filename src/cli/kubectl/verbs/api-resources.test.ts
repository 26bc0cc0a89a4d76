/** The expected texts are those of upstream's kubectl. */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { type FakeApiServer, fakeApiServer } from '../../testing/fake-api-server.ts';
import { fakeTerminal } from '../../testing/fake-terminal.ts';
import { runKubectl } from '../run-kubectl.ts';

let server: FakeApiServer;
before(async () => {
  server = await fakeApiServer([
    { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', objects: [] },
    { group: 'wardle.example.com', version: 'v1', kind: 'Flunder', plural: 'flunders', objects: [], stale: true },
    { group: 'apps.example.com', version: 'v2', kind: 'App', plural: 'apps', objects: [], stale: true },
  ]);
});
after(() => server.close());

async function kubectl(t: TestContext, ...args: readonly string[]) {
  const terminal = fakeTerminal(t);
  const code = await runKubectl(['--server', server.url, ...args], terminal);
  return { code, ...terminal.printed };
}

describe('while servers of some API groups do not answer', () => {
  it('api-resources prints the others and fails', async (t) => {
    const { code, out, err } = await kubectl(t, 'api-resources', '-o', 'name');
    assert.deepEqual([code, out], [1, 'configmaps\n']);
    assert.equal(
      err,
      'error: unable to retrieve the complete list of server APIs: apps.example.com/v2: stale GroupVersion discovery: apps.example.com/v2, ' +
        'wardle.example.com/v1: stale GroupVersion discovery: wardle.example.com/v1\n',
    );
  });

  it('api-versions leaves them out', async (t) => {
    assert.deepEqual(await kubectl(t, 'api-versions'), { code: 0, out: 'v1\n', err: '' });
  });

  it('their kinds are unknown', async (t) => {
    const { code, err } = await kubectl(t, 'get', 'flunders');
    assert.deepEqual([code, err], [1, 'error: the server doesn\'t have a resource type "flunders"\n']);
  });
});
