import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testApp } from './test-app.ts';
import { uptimeText } from './zpages.ts';

const get = (path: string, accept: string) => testApp({ flags: { b: '2', a: '1' } }).fetch(path, { headers: { accept } });

describe('/statusz', () => {
  it('is text for people', async () => {
    const answer = await get('/statusz', '*/*');
    assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
    const lines = (await answer.text()).split('\n');
    assert.deepEqual(lines.slice(0, 2), ['', 'apiserver statusz']);
    assert.match(lines[4] ?? '', /^Started: \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}$/);
    assert.match(lines[5] ?? '', /^Up: \d+ hr \d\d min \d\d sec$/);
    assert.deepEqual(lines.slice(7, 10), [
      'Binary version: 1.36.0',
      'Emulation version: 1.36',
      'Paths: /flagz /healthz /livez /metrics /readyz /statusz /version',
    ]);
  });

  it('is an object for programs that name its kind', async () => {
    const type = 'application/json;g=config.k8s.io;v=v1beta1;as=Statusz';
    const answer = await get('/statusz', type);
    assert.equal(answer.headers.get('content-type'), type);
    const body = (await answer.json()) as Record<string, unknown>;
    assert.deepEqual([body.kind, body.apiVersion, body.binaryVersion], ['Statusz', 'config.k8s.io/v1beta1', '1.36.0']);
    assert.match(await (await get('/statusz', 'application/yaml;v=v1beta1;g=config.k8s.io;as=Statusz')).text(), /^kind: Statusz$/m);
  });

  it('warns of the old version, and refuses all else', async () => {
    const old = await get('/statusz', 'application/json;v=v1alpha1;g=config.k8s.io;as=Statusz');
    assert.equal(old.headers.get('warning'), '299 - "This version of the statusz endpoint is deprecated. Please use a newer version."');
    for (const accept of ['application/json', 'application/json;v=v1beta1;g=config.k8s.io;as=Flagz', 'image/png']) {
      const refused = await get('/statusz', accept);
      const { message } = (await refused.json()) as { readonly message: string };
      assert.equal(refused.status, 406);
      assert.equal(message, 'only the following media types are accepted: application/json, application/yaml, text/plain');
    }
  });

  it('tells the time up in hours', () => {
    assert.deepEqual([uptimeText(9), uptimeText(3600 * 30 + 61)], ['0 hr 00 min 09 sec', '30 hr 01 min 01 sec']);
  });
});

describe('/flagz', () => {
  it('lists the flags in order', async () => {
    assert.deepEqual((await (await get('/flagz', 'text/plain')).text()).split('\n').slice(-3), ['a: 1', 'b: 2', '']);
    const answer = await get('/flagz', 'application/json;v=v1beta1;g=config.k8s.io;as=Flagz');
    assert.deepEqual(((await answer.json()) as { readonly flags: unknown }).flags, { a: '1', b: '2' });
  });
});
