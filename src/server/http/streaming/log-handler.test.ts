import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { statusErrors } from '../../../api/status-error.ts';
import { noStreams, pod, sending, testApp } from '../test-app.ts';
import type { PodLogOptions, PodStreams } from './pod-streams.ts';

const pods = '/api/v1/namespaces/default/pods';

async function withPods(podStreams: PodStreams) {
  const app = testApp({ podStreams });
  for (const made of [pod('p'), pod('two', ['a', 'b']), pod('unscheduled', ['a'], '')]) await app.fetch(pods, sending('POST', made));
  return app;
}

describe('pods/log', () => {
  it('hands the options on', async () => {
    const seen: Omit<PodLogOptions, 'signal'>[] = [];
    const { fetch } = await withPods({
      ...noStreams,
      logs: async (_ref, _container, { signal: _, ...options }, sink) => {
        seen.push(options);
        sink.write('a line\n');
      },
    });
    const query = 'follow=true&previous=true&timestamps=1&limitBytes=9&stream=Stderr&sinceTime=2026-01-02T03:04:05Z';
    const response = await fetch(`${pods}/p/log?${query}`);
    assert.equal(response.headers.get('content-type'), 'text/plain');
    assert.equal(await response.text(), 'a line\n');
    const sinceMs = Date.parse('2026-01-02T03:04:05Z');
    assert.deepEqual(seen, [{ follow: true, previous: true, timestamps: true, limitBytes: 9, stream: 'stderr', sinceMs }]);
  });

  it('answers an error of the node as a Status', async () => {
    const message = 'container "main" in pod "p" is waiting to start: ContainerCreating';
    const { json } = await withPods({ ...noStreams, logs: () => Promise.reject(statusErrors.badRequest(message)) });
    const { status, body } = await json(`${pods}/p/log`);
    assert.deepEqual([status, body.reason, body.message], [400, 'BadRequest', message]);
  });

  it('is empty before the pod has a node', async () => {
    const { fetch } = await withPods(noStreams);
    const response = await fetch(`${pods}/unscheduled/log`);
    assert.deepEqual([response.status, await response.text(), response.headers.get('content-type')], [204, '', null]);
  });

  it('checks container names and options', async () => {
    const { json } = await withPods(noStreams);
    const message = async (path: string): Promise<string> => {
      const { status, body } = await json(`${pods}/${path}`);
      return `${status} ${String(body.message)}`;
    };
    assert.equal(await message('none/log'), '404 pods "none" not found');
    assert.equal(await message('two/log'), '400 a container name must be specified for pod two, choose one of: [a b]');
    assert.equal(await message('two/log?container=c'), '400 container c is not valid for pod two');
    assert.equal(
      await message('p/log?tailLines=-1'),
      '422 PodLogOptions "p" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    );
    assert.equal(
      await message('p/log?sinceSeconds=0&limitBytes=0'),
      '422 PodLogOptions "p" is invalid: [limitBytes: Invalid value: 0: must be greater than 0, sinceSeconds: Invalid value: 0: must be greater than 0]',
    );
  });

  it('holds the node back while the client does not read, and tells it when the client has gone', async () => {
    let written = 0;
    let gone: AbortSignal | undefined;
    const { fetch } = await withPods({
      ...noStreams,
      logs: async (_ref, _container, { signal }, sink) => {
        gone = signal;
        while (!signal.aborted) {
          written += 65_536;
          if (!sink.write(Buffer.alloc(65_536))) await Promise.race([once(sink, 'drain'), once(signal, 'abort')]);
        }
      },
    });
    const response = await fetch(`${pods}/p/log?follow=1`);
    assert.ok(response.body);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(written < 1024 * 1024, `${written} bytes were taken without a reader`);
    await response.body.cancel();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(gone?.aborted, true);
  });
});
