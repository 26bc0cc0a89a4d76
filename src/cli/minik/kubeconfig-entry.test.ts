import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { loadKubeconfig } from '../../client/kubeconfig.ts';
import { fakeTerminal } from '../testing/fake-terminal.ts';
import { kubeconfigFile, kubectlState, removeKubeconfigEntry, writeKubeconfigEntry } from './kubeconfig-entry.ts';

const credentials = { caPem: 'CA', certificatePem: 'CERT', keyPem: 'KEY' };
const apiUrl = 'https://127.0.0.1:6443';
const entry = { profile: 'demo', apiUrl, credentials };

const other = `# my own
apiVersion: v1
kind: Config
clusters: [{name: work, cluster: {server: 'https://work:6443'}}]
users: [{name: me, user: {token: secret}}]
contexts: [{name: work, context: {cluster: work, user: me, namespace: team}}]
current-context: work
`;

describe('the kubeconfig entry of a cluster', () => {
  it('is merged into what is there, made current, and taken out again', async (t) => {
    const terminal = fakeTerminal(t);
    const path = kubeconfigFile(terminal);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, other);
    assert.deepEqual(await writeKubeconfigEntry(terminal, entry), { path, previousContext: 'work' });
    const merged = loadKubeconfig([path]);
    assert.equal(merged.currentContext, 'demo');
    assert.deepEqual([...merged.contexts.keys()].sort(), ['demo', 'work']);
    assert.match(readFileSync(path, 'utf8'), /# my own/);
    assert.equal(kubectlState(terminal, 'demo', apiUrl).state, 'Correctly configured');
    await removeKubeconfigEntry(terminal, 'demo', 'work');
    const restored = loadKubeconfig([path]);
    assert.equal(restored.currentContext, 'work');
    assert.deepEqual([...restored.contexts.keys()], ['work']);
  });

  it('goes to the first file of KUBECONFIG', async (t) => {
    const base = fakeTerminal(t);
    const [first, second] = [join(base.home, 'first'), join(base.home, 'second')];
    const terminal = { ...base, env: { KUBECONFIG: `${first}:${second}` } };
    await writeKubeconfigEntry(terminal, entry);
    assert.ok(loadKubeconfig([first]).contexts.has('demo'));
    assert.throws(() => readFileSync(second));
  });

  it('is told apart from a wrong, foreign or absent one', async (t) => {
    const terminal = fakeTerminal(t);
    assert.equal(kubectlState(terminal, 'demo', apiUrl).state, 'Not configured');
    await writeKubeconfigEntry(terminal, entry);
    assert.equal(kubectlState(terminal, 'demo', 'https://127.0.0.1:7777').state, 'Misconfigured');
    await writeKubeconfigEntry(terminal, { ...entry, profile: 'second' });
    assert.equal(kubectlState(terminal, 'demo', apiUrl).state, 'Not current');
  });

  it('waits while another program holds the file', async (t) => {
    const terminal = fakeTerminal(t);
    const path = kubeconfigFile(terminal);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.lock`, '');
    const writing = writeKubeconfigEntry(terminal, entry);
    rmSync(`${path}.lock`);
    await writing;
    assert.ok(loadKubeconfig([path]).contexts.has('demo'));
  });
});
