import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { loadPki } from '../../server/pki/pki.ts';
import { askHealth } from './server-health.ts';

async function listening(t: TestContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`; // not a pipe's
}

const question = { caPem: undefined, pid: process.pid, limitMs: 10_000 };

describe('askHealth', () => {
  for (const [status, healthy] of [
    [200, true],
    [500, false],
  ] as const) {
    it(`believes a server with our certificate that answers ${status}`, async (t) => {
      const directory = mkdtempSync(join(tmpdir(), 'minik-health-'));
      t.after(() => rmSync(directory, { recursive: true, force: true }));
      const { caCertificate, serving } = await loadPki({ directory, serviceIp: '10.96.0.1', extraNames: [] });
      const server = createHttpsServer({ key: serving.key, cert: serving.certificate }, (asked, answer) => {
        answer.writeHead(asked.url === '/livez' ? status : 404).end('');
      });
      const apiUrl = await listening(t, server);
      const health = await askHealth({ ...question, apiUrl, caPem: caCertificate });
      assert.deepEqual([health.answers, health.answers && health.healthy], [true, healthy]);
      const stranger = await loadPki({ directory: join(directory, 'other'), serviceIp: '10.96.0.1', extraNames: [] });
      assert.equal((await askHealth({ ...question, apiUrl, caPem: stranger.caCertificate })).answers, false, 'another server has the port');
    });
  }

  it('gives a server that accepts and says nothing its limit', async (t) => {
    const apiUrl = await listening(
      t,
      createServer((socket) => socket.on('error', () => undefined)),
    );
    assert.deepEqual(await askHealth({ ...question, apiUrl, limitMs: 20 }), { answers: false, detail: 'no answer within 0.02 s' });
  });

  it('says that nobody listens', async (t) => {
    const server = createServer();
    const apiUrl = await listening(t, server);
    server.close();
    await once(server, 'close');
    const health = await askHealth({ ...question, apiUrl });
    assert.match(health.detail, /ECONNREFUSED/);
  });

  it('says at once that a signal has stopped the process', {
    skip: existsSync('/proc/self') ? false : 'there is no /proc here',
  }, async (t) => {
    const child = spawn('sh', ['-c', 'echo up; read line'], { stdio: ['pipe', 'pipe', 'ignore'] });
    t.after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const { pid = 0 } = child;
    child.kill('SIGSTOP');
    const health = await untilStopped(pid);
    assert.equal(health.answers, false);
    assert.match(health.detail, new RegExp(`process ${pid} was stopped by a signal`));
  });
});

/** A signal takes effect a moment after it is sent. */
async function untilStopped(pid: number): ReturnType<typeof askHealth> {
  for (;;) {
    const health = await askHealth({ ...question, pid, apiUrl: 'https://127.0.0.1:1' });
    if (health.detail.includes('stopped')) return health;
  }
}
