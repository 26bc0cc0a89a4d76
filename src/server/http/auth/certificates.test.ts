import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { Agent } from 'node:https';
import { describe, it } from 'node:test';
import { systemClock } from '../../../client/clock.ts';
import { ask, start } from '../test-server.ts';

const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

describe('client certificates', () => {
  it('are verified at each request: one that expires ends kept connections and resumed sessions', async (t) => {
    let ahead = 0;
    const { server, identity } = await start(t, {
      clock: { ...systemClock, now: () => Date.now() + ahead, setTimer: systemClock.setTimer },
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const session = connect(server.url, identity);
    t.after(() => {
      agent.destroy();
      session.destroy();
    });
    const statuses = async (): Promise<readonly unknown[]> => {
      const kept = await ask(`${server.url}/version`, { ...identity, agent });
      const resumed = await ask(`${server.url}/version`, { ...identity, agent: false });
      const stream = session.request({ ':path': '/version' });
      stream.resume();
      const http2 = await new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])));
      return [kept.status, resumed.status, http2];
    };
    assert.deepEqual(await statuses(), [200, 200, 200]);
    ahead = 400 * 86_400_000;
    assert.deepEqual(await statuses(), [401, 401, 401]);
  });

  it('without a name are nobody: the token counts, or the request is anonymous', async (t) => {
    const { server, pki, identity } = await start(t);
    const { key, certificate } = pki.issueClient('', []);
    const userOf = async (headers: Record<string, string>): Promise<string> => {
      const options = {
        ca: identity.ca,
        key,
        cert: certificate,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
      };
      const { text } = await ask(`${server.url}${reviews}`, options, '{}');
      return (JSON.parse(text) as { status: { userInfo: { username: string } } }).status.userInfo.username; // a SelfSubjectReview
    };
    assert.equal(await userOf({}), 'system:anonymous');
    assert.equal(await userOf({ authorization: 'Bearer jane' }), 'jane');
  });

  it('come before tokens: a wrong token beside a good certificate does no harm', async (t) => {
    const { server, identity } = await start(t);
    const { status } = await ask(`${server.url}/version`, { ...identity, headers: { authorization: 'Bearer bad' } });
    assert.equal(status, 200);
  });
});
