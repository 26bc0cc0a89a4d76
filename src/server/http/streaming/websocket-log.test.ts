import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { statusErrors } from '../../../api/status-error.ts';
import { noStreams, pod, sending } from '../test-app.ts';
import { startFixture } from './kubectl-fixture.ts';
import type { PodStreams } from './pod-streams.ts';

interface Config {
  readonly clusters: readonly { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } }[];
  readonly users: readonly { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } }[];
}

/** Opens the log of pod p over WebSocket. */
async function open(t: TestContext, logs: PodStreams['logs'], protocols: readonly string[], query = ''): Promise<WebSocket> {
  const fixture = await startFixture(t, { ...noStreams, logs });
  await fixture.fetch('/api/v1/namespaces/default/pods', sending('POST', pod('p')));
  const config: Config = JSON.parse(await readFile(fixture.kubeconfig, 'utf8'));
  const [{ cluster } = { cluster: undefined }] = config.clusters;
  const [{ user } = { user: undefined }] = config.users;
  const bytes = (text = ''): Buffer => Buffer.from(text, 'base64');
  const url = `${cluster?.server.replace('https', 'wss')}/api/v1/namespaces/default/pods/p/log${query}`;
  const socket = new WebSocket(url, [...protocols], {
    ca: bytes(cluster?.['certificate-authority-data']),
    cert: bytes(user?.['client-certificate-data']),
    key: bytes(user?.['client-key-data']),
  });
  t.after(() => socket.terminate());
  return socket;
}

async function messages(socket: WebSocket): Promise<readonly string[]> {
  const all: string[] = [];
  socket.on('message', (data: Buffer, isBinary) => all.push(`${isBinary ? 'binary' : 'text'} ${data.toString('utf8')}`));
  await once(socket, 'close');
  return all;
}

const oneLine: PodStreams['logs'] = async (_ref, _container, _options, sink) => {
  sink.write(Buffer.from('alive\n'));
};

describe('pods/log over WebSocket', () => {
  it('sends bytes, or base64 when asked, and closes at the end', async (t) => {
    assert.deepEqual(await messages(await open(t, oneLine, ['binary.k8s.io'])), ['binary alive\n']);
    assert.deepEqual(await messages(await open(t, oneLine, [])), ['binary alive\n']);
    const encoded = `text ${Buffer.from('alive\n').toString('base64')}`;
    assert.deepEqual(await messages(await open(t, oneLine, ['base64.binary.k8s.io'])), [encoded]);
  });

  it('answers errors before the handshake', async (t) => {
    const socket = await open(t, () => Promise.reject(statusErrors.badRequest('not started')), ['binary.k8s.io']);
    const [error] = (await once(socket, 'error')) as [Error];
    assert.match(error.message, /Unexpected server response: 400/);
  });

  it('stops the log of a client that has gone', async (t) => {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const follow: PodStreams['logs'] = async (_ref, _container, { signal }, sink) => {
      sink.write(Buffer.from('alive\n'));
      await once(signal, 'abort');
      resolve();
    };
    const socket = await open(t, follow, ['binary.k8s.io'], '?follow=true');
    await once(socket, 'message');
    socket.close();
    await ended;
  });
});
