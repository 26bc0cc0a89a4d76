import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { loadPki, type PkiOptions } from './pki.ts';

async function folder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'minik-pki-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

const startMs = Date.parse('2026-11-20T12:00:00Z');
const dayMs = 86_400_000;
const options = (directory: string, more: Partial<PkiOptions> = {}): PkiOptions => ({
  ...{ directory, serviceIp: '10.96.0.1', extraNames: ['172.18.0.1', 'my-laptop', 'fd00:10::7'], now: () => startMs },
  ...more,
});

describe('loadPki', () => {
  it('makes a serving certificate with every name under which the API is reached', async (t) => {
    const pki = await loadPki(options(await folder(t)));
    const serving = new X509Certificate(pki.serving.certificate);
    for (const host of [
      'localhost',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
      'my-laptop',
    ]) {
      assert.equal(serving.checkHost(host), host);
    }
    for (const ip of ['127.0.0.1', '::1', '10.96.0.1', '172.18.0.1', 'fd00:10::7']) assert.equal(serving.checkIP(ip), ip);
    assert.ok(serving.verify(new X509Certificate(pki.caCertificate).publicKey));
    assert.ok(serving.checkPrivateKey(createPrivateKey(pki.serving.key)));
    assert.ok(new X509Certificate(pki.caCertificate).ca);
  });

  it('makes the admin a member of system:masters', async (t) => {
    const { admin } = await loadPki(options(await folder(t)));
    const { subject } = new X509Certificate(admin.certificate);
    assert.equal(subject, 'O=system:masters\nCN=kubernetes-admin');
  });

  it('keeps what it made, for the owner only', async (t) => {
    const directory = await folder(t);
    const first = await loadPki(options(directory));
    const second = await loadPki(options(directory));
    const functions = { issueClient: 0, issueServing: 0, sign: 0 };
    assert.deepEqual({ ...second, ...functions }, { ...first, ...functions });
    for (const name of ['ca.key', 'apiserver.key', 'admin.key', 'sa.key', 'ca.crt']) {
      assert.equal((await stat(join(directory, name))).mode & 0o777, 0o600, name);
    }
  });

  it('makes a new serving certificate when a name is missing, and nothing else', async (t) => {
    const directory = await folder(t);
    const first = await loadPki(options(directory));
    const second = await loadPki(options(directory, { extraNames: ['10.1.2.3'] }));
    assert.notEqual(second.serving.certificate, first.serving.certificate);
    assert.equal(new X509Certificate(second.serving.certificate).checkIP('10.1.2.3'), '10.1.2.3');
    assert.equal(second.admin.certificate, first.admin.certificate);
    assert.equal(second.caCertificate, first.caCertificate);
  });

  it('renews certificates in their last month', async (t) => {
    const directory = await folder(t);
    const first = await loadPki(options(directory));
    const same = await loadPki(options(directory, { now: () => startMs + 300 * dayMs }));
    assert.equal(same.admin.certificate, first.admin.certificate);
    const later = await loadPki(options(directory, { now: () => startMs + 340 * dayMs }));
    assert.notEqual(later.admin.certificate, first.admin.certificate);
    assert.equal(later.caCertificate, first.caCertificate);
    assert.equal(later.serviceAccountKey, first.serviceAccountKey);
  });

  it('replaces a broken certificate', async (t) => {
    const directory = await folder(t);
    await loadPki(options(directory));
    await writeFile(join(directory, 'apiserver.crt'), 'half a fi');
    const again = await loadPki(options(directory));
    assert.ok(new X509Certificate(again.serving.certificate).checkHost('localhost'));
  });

  it('gives every authority a name of its own', async (t) => {
    const pkis = await Promise.all([1, 2].map(async () => loadPki(options(await folder(t)))));
    const [one, two] = pkis.map(({ caCertificate }) => new X509Certificate(caCertificate).subject);
    assert.match(one ?? '', /^CN=minik-ca-[0-9a-f]{12}$/);
    assert.notEqual(one, two);
  });

  it("writes every key in the form that all clients read, kubeadm's, also those of an earlier version", async (t) => {
    const directory = await folder(t);
    const files = ['ca.key', 'apiserver.key', 'admin.key', 'sa.key'];
    const first = await loadPki(options(directory));
    for (const file of files) assert.match(await readFile(join(directory, file), 'utf8'), /^-----BEGIN EC PRIVATE KEY-----\n/, file);
    assert.match(first.issueClient('jane', []).key, /^-----BEGIN EC PRIVATE KEY-----\n/);
    for (const file of files) {
      const key = createPrivateKey(await readFile(join(directory, file), 'utf8'));
      await writeFile(join(directory, file), key.export({ type: 'pkcs8', format: 'pem' }));
    }
    const later = await loadPki(options(directory));
    assert.deepEqual([later.admin, later.serving, later.caCertificate], [first.admin, first.serving, first.caCertificate]);
  });

  it('issues client certificates for other users', async (t) => {
    const pki = await loadPki(options(await folder(t)));
    const { certificate } = pki.issueClient('jane', ['dev', 'ops']);
    const parsed = new X509Certificate(certificate);
    assert.equal(parsed.subject, 'O=dev\nO=ops\nCN=jane');
    assert.ok(parsed.verify(new X509Certificate(pki.caCertificate).publicKey));
  });
});
