import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ControlRequest } from './controls.ts';
import { sending, testApp } from './test-app.ts';

describe('a control', () => {
  const asked: Pick<ControlRequest, 'method' | 'rest' | 'body'>[] = [];
  const { json } = testApp({
    controls: {
      '/minik/thing': ({ method, rest, body }) => {
        asked.push({ method, rest, body });
        return { done: true };
      },
    },
  });

  it('is asked with the rest of the path and the body', async () => {
    assert.deepEqual(await json('/minik/thing'), { status: 200, body: { done: true } });
    await json('/minik/thing/a%20b/', sending('POST', { x: 1 }));
    assert.deepEqual(asked, [
      { method: 'GET', rest: '', body: undefined },
      { method: 'POST', rest: 'a b', body: { x: 1 } },
    ]);
  });

  it('is not asked with what cannot be read', async () => {
    const before = asked.length;
    const wrong = [await json('/minik/thing/%zz'), await json('/minik/thing', sending('POST', '{'))];
    assert.deepEqual(
      wrong.map(({ status, body }) => [status, body.reason]),
      [
        [400, 'BadRequest'],
        [400, 'BadRequest'],
      ],
    );
    assert.equal(asked.length, before);
  });
});
