import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { defaultKubeconfigFile, KubeconfigError, kubeconfigPaths, loadKubeconfig, resolveContext } from './kubeconfig.ts';
import { checkKubeconfigEditable, editKubeconfig, type KubeconfigEditor, KubeconfigLocked } from './kubeconfig-file.ts';

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

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function addMinik(config: KubeconfigEditor): void {
  config.mergeEntry('clusters', 'minik', { server: 'https://127.0.0.1:6443', 'certificate-authority-data': base64('CA') });
  config.mergeEntry('users', 'minik', { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') });
  config.mergeEntry('contexts', 'minik', { cluster: 'minik', user: 'minik' });
  config.useContext('minik');
}

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
    assert.throws(() => resolveContext(empty, { context: 'x' }), new KubeconfigError('context "x" does not exist'));
    assert.throws(() => resolveContext(empty), /no configuration has been provided/);
  });
});

describe('editKubeconfig', () => {
  it('makes a file of mode 0600 that kubectl can read', (t) => {
    const path = join(folder(t), 'sub', 'config');
    editKubeconfig(path, addMinik);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const { config } = resolveContext(loadKubeconfig([path]));
    assert.deepEqual(config, { server: 'https://127.0.0.1:6443', certificateAuthority: 'CA', clientCertificate: 'CERT', clientKey: 'KEY' });
  });

  it('keeps comments, unknown fields and other entries', (t) => {
    const path = join(folder(t), 'config');
    writeFileSync(path, existing);
    editKubeconfig(path, addMinik);
    assert.match(readFileSync(path, 'utf8'), /# my clusters[\s\S]*x-unknown: keep[\s\S]*token: secret/);
    editKubeconfig(path, (config) => {
      for (const list of ['clusters', 'users', 'contexts'] as const) config.removeEntry(list, 'minik');
      config.useContext('work');
    });
    const after = loadKubeconfig([path]);
    assert.deepEqual([after.currentContext, [...after.clusters.keys()]], ['work', ['work']]);
  });

  it('changes an entry of the same name instead of adding another, and leaves its other fields', (t) => {
    const path = join(folder(t), 'config');
    for (const values of [{ server: 'https://one', 'proxy-url': 'http://p' }, { server: 'https://two' }])
      editKubeconfig(path, (config) => config.mergeEntry('clusters', 'minik', values));
    const { clusters } = loadKubeconfig([path]);
    assert.deepEqual([...clusters], [['minik', { server: 'https://two', 'proxy-url': 'http://p' }]]);
  });

  it('writes in place: owner, mode, hard links and links stay, and nothing else is left in the folder', (t) => {
    const dir = folder(t);
    const path = join(dir, 'config');
    writeFileSync(path, existing);
    chmodSync(path, 0o640);
    const before = statSync(path);
    symlinkSync('config', join(dir, 'link'));
    editKubeconfig(join(dir, 'link'), addMinik);
    const after = statSync(path);
    assert.deepEqual([after.ino, after.mode, after.uid, after.gid], [before.ino, before.mode, before.uid, before.gid]);
    assert.ok(lstatSync(join(dir, 'link')).isSymbolicLink());
    assert.ok(loadKubeconfig([path]).contexts.has('minik'));
    assert.deepEqual(readdirSync(dir), ['config', 'link']);
  });

  it('follows a link to a file that is not there yet', (t) => {
    const dir = folder(t);
    symlinkSync('real', join(dir, 'config'));
    editKubeconfig(join(dir, 'config'), addMinik);
    assert.deepEqual(readdirSync(dir), ['config', 'real']);
    assert.ok(lstatSync(join(dir, 'config')).isSymbolicLink());
  });

  it('cuts what was longer before', (t) => {
    const path = join(folder(t), 'config');
    writeFileSync(path, `${existing}# ${'x'.repeat(10_000)}\n`);
    editKubeconfig(path, (config) => config.setField(['x-unknown'], undefined));
    editKubeconfig(path, (config) => config.removeEntry('users', 'me'));
    assert.deepEqual([...loadKubeconfig([path]).users], []);
  });

  it('refuses a locked or broken file and changes nothing', (t) => {
    const path = join(folder(t), 'config');
    writeFileSync(path, existing);
    writeFileSync(`${path}.lock`, '');
    assert.throws(() => editKubeconfig(path, addMinik), KubeconfigLocked);
    rmSync(`${path}.lock`);
    writeFileSync(path, 'a: [');
    assert.throws(() => editKubeconfig(path, addMinik), KubeconfigError);
    assert.equal(readFileSync(path, 'utf8'), 'a: [');
  });
});

describe('what cannot be edited', () => {
  const unusable = (dir: string): readonly (readonly [string, RegExp])[] => {
    mkdirSync(join(dir, 'folder'));
    writeFileSync(join(dir, 'broken'), 'a: [');
    writeFileSync(join(dir, 'list'), '- a\n');
    writeFileSync(join(dir, 'file'), existing);
    symlinkSync('nowhere/config', join(dir, 'dangling'));
    symlinkSync('loop', join(dir, 'loop'));
    return [
      ['folder', /illegal operation on a directory$/],
      ['broken', /error loading config file/],
      ['list', /it is no mapping/],
      ['file/config', /: (not a directory|file already exists)$/],
      ['dangling', /cannot write config file .*: no such file or directory$/],
      ['loop', /too many symbolic links encountered$/],
    ];
  };

  it('is found out beforehand, with the same error that the change would give, and nothing is left', (t) => {
    const dir = folder(t);
    const cases = unusable(dir);
    const before = readdirSync(dir);
    for (const [name, message] of cases) {
      for (const attempt of [checkKubeconfigEditable, (path: string) => editKubeconfig(path, addMinik)]) {
        assert.throws(
          () => attempt(join(dir, name)),
          (error: unknown) => error instanceof KubeconfigError && !(error instanceof KubeconfigLocked) && message.test(error.message),
          name,
        );
      }
    }
    assert.deepEqual(readdirSync(dir), before);
    assert.equal(readFileSync(join(dir, 'file'), 'utf8'), existing);
  });

  it('leaves no file, link or folder of a check that succeeds', (t) => {
    const dir = folder(t);
    writeFileSync(join(dir, 'there'), existing);
    symlinkSync('absent', join(dir, 'dangling'));
    for (const name of ['there', 'absent', 'dangling', 'a/b/c']) checkKubeconfigEditable(join(dir, name));
    assert.deepEqual(readdirSync(dir), ['dangling', 'there']);
    assert.equal(readFileSync(join(dir, 'there'), 'utf8'), existing);
  });
});

describe('defaultKubeconfigFile', () => {
  it('is the first file that exists, else the last', (t) => {
    const dir = folder(t);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => join(dir, name)) as [string, string, string];
    assert.equal(defaultKubeconfigFile([a, b, c]), c);
    writeFileSync(b, existing);
    assert.equal(defaultKubeconfigFile([a, b, c]), b);
  });
});
