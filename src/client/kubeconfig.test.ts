import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { KubeconfigError, kubeconfigPaths, loadKubeconfig, resolveContext } from './kubeconfig.ts';
import { editKubeconfig } from './kubeconfig-file.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const existing = `# my clusters
apiVersion: v1
kind: Config
current-context: work # day job
x-unknown: keep
clusters:
- name: work
  cluster:
    server: https://work:6443
    certificate-authority: ca.pem
contexts:
- name: work
  context:
    cluster: work
    user: me
    namespace: team
users:
- name: me
  user:
    token: secret
`;

const entry = {
  name: 'minik',
  cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority-data': Buffer.from('CA').toString('base64') },
  user: { 'client-certificate-data': Buffer.from('CERT').toString('base64'), 'client-key-data': Buffer.from('KEY').toString('base64') },
};

describe('kubeconfig', () => {
  it('finds its files through KUBECONFIG, else in the home folder', () => {
    assert.deepEqual(kubeconfigPaths({ KUBECONFIG: '/a::/b:/a' }, '/home/me'), ['/a', '/b']);
    assert.deepEqual(kubeconfigPaths({}, '/home/me'), ['/home/me/.kube/config']);
  });

  it('merges files so that the first to say something wins, and resolves paths against their folders', (t) => {
    const dir = folder(t);
    writeFileSync(join(dir, 'a'), existing);
    writeFileSync(join(dir, 'ca.pem'), 'WORK-CA');
    writeFileSync(
      join(dir, 'b'),
      existing.replace('https://work:6443', 'https://other').replace('current-context: work', 'current-context: x'),
    );
    const config = loadKubeconfig([join(dir, 'absent'), join(dir, 'a'), join(dir, 'b')]);
    assert.equal(config.currentContext, 'work');
    const { namespace, config: client } = resolveContext(config);
    assert.equal(namespace, 'team');
    assert.deepEqual(client, { server: 'https://work:6443', certificateAuthority: 'WORK-CA', token: 'secret' });
  });

  it("explains what is missing in kubectl's words", () => {
    const empty = loadKubeconfig([]);
    assert.throws(() => resolveContext(empty, 'x'), new KubeconfigError('context "x" does not exist'));
    assert.throws(() => resolveContext(empty), /no configuration has been provided/);
  });
});

describe('editKubeconfig', () => {
  it('makes a file of mode 0600 that kubectl can read', (t) => {
    const path = join(folder(t), 'sub', 'config');
    editKubeconfig(path, (config) => {
      config.upsert(entry);
      config.useContext('minik');
    });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const { config } = resolveContext(loadKubeconfig([path]));
    assert.deepEqual(config, { server: 'https://127.0.0.1:6443', certificateAuthority: 'CA', clientCertificate: 'CERT', clientKey: 'KEY' });
  });

  it('keeps comments, unknown fields and other entries, and restores the former context', (t) => {
    const path = join(folder(t), 'config');
    writeFileSync(path, existing);
    let before = '';
    editKubeconfig(path, (config) => {
      before = config.currentContext;
      config.upsert(entry);
      config.useContext('minik');
    });
    assert.equal(before, 'work');
    assert.match(readFileSync(path, 'utf8'), /# my clusters[\s\S]*x-unknown: keep[\s\S]*token: secret/);
    editKubeconfig(path, (config) => config.remove('minik', before));
    const after = loadKubeconfig([path]);
    assert.deepEqual([after.currentContext, [...after.clusters.keys()]], ['work', ['work']]);
  });

  it('replaces an entry of the same name instead of adding another', (t) => {
    const path = join(folder(t), 'config');
    for (const server of ['https://one', 'https://two']) editKubeconfig(path, (config) => config.upsert({ ...entry, cluster: { server } }));
    const { clusters } = loadKubeconfig([path]);
    assert.deepEqual([...clusters], [['minik', { server: 'https://two' }]]);
  });

  it('refuses a locked or broken file and changes nothing', (t) => {
    const path = join(folder(t), 'config');
    writeFileSync(path, existing);
    writeFileSync(`${path}.lock`, '');
    assert.throws(() => editKubeconfig(path, (config) => config.useContext('x')), /locked by another program/);
    rmSync(`${path}.lock`);
    writeFileSync(path, 'a: [');
    assert.throws(() => editKubeconfig(path, (config) => config.useContext('x')), KubeconfigError);
    assert.equal(readFileSync(path, 'utf8'), 'a: [');
  });
});
