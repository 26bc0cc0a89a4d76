import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientContract } from './client.contract.ts';
import { FakeClock } from './fake-clock.ts';
import { createInProcessClient } from './in-process-client.ts';
import { configMaps } from './testing/config-maps.ts';
import { FakeApiServer } from './testing/fake-api-server.ts';

describe('in-process client', () => {
  clientContract(async () => {
    const api = new FakeApiServer();
    const compact = (): void => {
      api.compacted = api.revision;
    };
    return { client: createInProcessClient(api, { user: { name: 'test' } }), compact };
  });

  it('ends a watch after its time-out and closes it on the server', async () => {
    const api = new FakeApiServer();
    const clock = new FakeClock();
    const client = createInProcessClient(api, { user: { name: 'test' }, clock });
    const watch = client.resource(configMaps).watch({ resourceVersion: '1', timeoutSeconds: 10, signal: new AbortController().signal });
    const step = watch[Symbol.asyncIterator]().next();
    assert.equal(api.watchCount, 1);
    clock.advance(10_000);
    assert.equal((await step).done, true);
    assert.equal(api.watchCount, 0);
  });

  it('passes sub-resources through', async () => {
    const client = createInProcessClient(new FakeApiServer(), { user: { name: 'test' } });
    const answer = await client.resource(configMaps).subresource('create', { namespace: 'default', name: 'a' }, 'token', { x: 1 });
    assert.deepEqual(answer, { kind: 'Echo', verb: 'create', name: 'a', subresource: 'token', body: { x: 1 } });
  });

  it('rejects with what an order answers when that is a failure, as over HTTP', async () => {
    const api = new FakeApiServer();
    const failure = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'not today', code: 500 };
    api.order = () => Promise.resolve(failure);
    const client = createInProcessClient(api, { user: { name: 'test' } });
    const ordered = client.resource(configMaps).subresource('create', { namespace: 'default', name: 'a' }, 'eviction');
    await assert.rejects(ordered, { name: 'StatusError', code: 500, message: 'not today' });
  });
});
