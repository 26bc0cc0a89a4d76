import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { ApiServerChoices } from '../cli/cluster-port.ts';
import { silentLogger } from '../client/logger.ts';
import { firstFreePort } from '../runtime/network/free-port.ts';
import { loadPki } from '../server/pki/pki.ts';
import { serveApi } from './serve-api.ts';

interface Answer {
  readonly code: number;
  readonly body: { readonly reason?: string; readonly items?: readonly { readonly metadata: { readonly name: string } }[] };
}

/** Serves with the keys of a foreign authority; sends requests as its administrator, or without a certificate. */
async function server(t: TestContext, settings: ApiServerChoices['settings'], folder = mkdtempSync(join(tmpdir(), 'minik-serve-api-'))) {
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const pki = await loadPki({ directory: join(folder, 'pki'), serviceIp: '10.0.0.1', extraNames: [] });
  const port = await firstFreePort('127.0.0.1', 20_000 + randomInt(10_000));
  const api = await serveApi({
    ...{ folder, host: '127.0.0.1', port, serviceCidr: '10.0.0.0/24', settings, log: silentLogger },
    ...{ serving: pki.serving, clientCertificateAuthority: pki.caCertificate, serviceAccountKey: pki.serviceAccountKey },
  });
  const ask = (method: string, path: string, body?: object, user = pki.admin): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const own = { ca: pki.caCertificate, cert: user.certificate, key: user.key, agent: false as const };
      const asked = request(`${api.apiUrl}${path}`, { method, ...own, headers: { 'content-type': 'application/json' } }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ code: answer.statusCode ?? 0, body: text.startsWith('{') ? JSON.parse(text) : {} }));
      });
      asked.on('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  return { ...api, ask, folder, pki };
}

const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const names = ({ body }: Answer): readonly string[] => (body.items ?? []).map(({ metadata }) => metadata.name).sort();

describe('an API server alone', () => {
  it('serves with the given certificates, and lets in whom the given authority has certified', async (t) => {
    const { ask, stop, pki } = await server(t, { controllers: [] });
    t.after(stop);
    assert.equal((await ask('GET', '/healthz')).code, 200);
    assert.equal((await ask('GET', '/api/v1/nodes')).code, 200);
    const stranger = (await loadPki({ directory: undefined, serviceIp: '10.0.0.1', extraNames: [] })).admin;
    assert.equal((await ask('GET', '/api/v1/nodes', undefined, stranger)).code, 401);
    const user = pki.issueClient('someone', ['some-group']);
    assert.deepEqual((await ask('GET', '/api/v1/nodes', undefined, user)).body.reason, 'Forbidden');
  });

  it('has what a kube-apiserver alone has: no node, no class, no DNS, no account, and namespaces stay', async (t) => {
    const { ask, stop } = await server(t, { controllers: [], disabledAdmission: ['ServiceAccount'] });
    t.after(stop);
    assert.deepEqual(names(await ask('GET', '/api/v1/nodes')), []);
    assert.deepEqual(names(await ask('GET', '/apis/storage.k8s.io/v1/storageclasses')), []);
    assert.deepEqual(names(await ask('GET', '/api/v1/services')), ['kubernetes']);
    assert.deepEqual(names(await ask('GET', '/apis/networking.k8s.io/v1/ipaddresses')), ['10.0.0.1']);
    assert.deepEqual(names(await ask('GET', '/api/v1/serviceaccounts')), []);
    assert.deepEqual(names(await ask('GET', '/api/v1/namespaces')), ['default', 'kube-node-lease', 'kube-public', 'kube-system']);
    assert.equal((await ask('POST', '/api/v1/namespaces/default/pods', pod)).code, 201, 'without an account, as its admission is off');
    assert.equal((await ask('GET', '/apis/extensions/v1beta1')).code, 404);
  });

  it('keeps its objects for the next one in the same folder', async (t) => {
    const first = await server(t, { controllers: [] });
    await first.ask('POST', '/api/v1/namespaces', { metadata: { name: 'kept' } });
    await first.stop();
    const second = await server(t, { controllers: [] }, first.folder);
    t.after(second.stop);
    assert.ok(names(await second.ask('GET', '/api/v1/namespaces')).includes('kept'));
  });

  it('refuses a controller that it does not know, and says which there are', async (t) => {
    await assert.rejects(server(t, { controllers: ['garbage'] }), (error: Error & { readonly hints?: readonly string[] }) => {
      assert.equal(error.message, 'there is no controller "garbage"');
      assert.match(error.hints?.[0] ?? '', /garbage-collector, .*namespace/);
      return true;
    });
  });
});
