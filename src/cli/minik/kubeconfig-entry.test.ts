import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { kubeconfigPaths, loadKubeconfig } from '../../client/kubeconfig.ts';
import { editKubeconfig } from '../../client/kubeconfig-file.ts';
import { loadPki, type Pki } from '../../server/pki/pki.ts';
import { type AdminCredentials, UserError } from '../cluster-port.ts';
import { type FakeTerminal, fakeTerminal } from '../testing/fake-terminal.ts';
import { checkKubeconfig, checkKubeconfigRemoval, kubectlState, removeKubeconfigEntry, writeKubeconfigEntry } from './kubeconfig-entry.ts';
import { noMarks } from './own-entries.ts';

/** The PKIs of our cluster, of another minik cluster, and of a foreign cluster. */
let pkis: readonly Pki[] = [];
let folder = '';
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'minik-entry-'));
  pkis = await Promise.all(
    ['own', 'other'].map((name) => loadPki({ directory: join(folder, name), serviceIp: '10.96.0.1', extraNames: [] })),
  );
});
after(() => rmSync(folder, { recursive: true, force: true }));

const credentials = (index: number): AdminCredentials => {
  const pki = pkis[index];
  if (pki === undefined) throw new Error('no such authority');
  return { caPem: pki.caCertificate, certificatePem: pki.admin.certificate, keyPem: pki.admin.key };
};

const apiUrl = 'https://127.0.0.1:6443';
const entry = (profile = 'prod', index = 0) => ({ profile, apiUrl, credentials: credentials(index), marks: noMarks });
const marks = () => ({ authorities: [credentials(0).caPem], apiUrls: [apiUrl] });
const removal = (previousContext = '', files: readonly string[] = []) => ({ marks: marks(), files, previousContext });

/** Entries of another cluster, all named `prod`. */
const foreign = `# my own
apiVersion: v1
kind: Config
clusters: [{name: prod, cluster: {server: 'https://prod.example:6443', certificate-authority-data: QUJD}}]
users: [{name: prod, user: {token: secret}}]
contexts: [{name: prod, context: {cluster: prod, user: prod, namespace: team}}]
current-context: prod
`;

const work = foreign.replaceAll('prod', 'work');

function withKubeconfig(t: TestContext, text: string): { terminal: FakeTerminal; path: string; text: () => string } {
  const terminal = fakeTerminal(t);
  const [path = ''] = kubeconfigPaths(terminal.env, terminal.home);
  mkdirSync(dirname(path), { recursive: true });
  if (text !== '') writeFileSync(path, text);
  return { terminal, path, text: () => readFileSync(path, 'utf8') };
}

const namesIn = (path: string): readonly (readonly string[])[] => {
  const { contexts, clusters, users } = loadKubeconfig([path]);
  return [contexts, clusters, users].map((entries) => [...entries.keys()].sort());
};

describe('the kubeconfig entry of a cluster', () => {
  it('is merged into what is there, made current, and taken out again', async (t) => {
    const { terminal, path, text } = withKubeconfig(t, work);
    assert.deepEqual(await checkKubeconfig(terminal, 'prod', noMarks), noMarks);
    assert.deepEqual(await writeKubeconfigEntry(terminal, entry()), {
      ...{ files: [path], context: 'prod', namespace: 'default', previousContext: 'work' },
    });
    assert.equal(loadKubeconfig([path]).currentContext, 'prod');
    assert.deepEqual(namesIn(path)[0], ['prod', 'work']);
    assert.match(text(), /# my own/);
    assert.equal(kubectlState(terminal, 'prod', { marks: marks(), apiUrl }).state, 'Correctly configured');
    await removeKubeconfigEntry(terminal, removal('work'));
    assert.equal(loadKubeconfig([path]).currentContext, 'work');
    assert.deepEqual(namesIn(path), [['work'], ['work'], ['work']]);
  });

  it("keeps what the user has set in it: a context's namespace, a cluster's proxy", async (t) => {
    const { terminal, path } = withKubeconfig(t, '');
    await writeKubeconfigEntry(terminal, entry());
    editKubeconfig(path, (editor) => {
      editor.mergeEntry('contexts', 'prod', { namespace: 'mine' });
      editor.mergeEntry('clusters', 'prod', { 'proxy-url': 'http://proxy' });
    });
    const { namespace } = await writeKubeconfigEntry(terminal, { ...entry(), apiUrl: 'https://127.0.0.1:7777' });
    assert.equal(namespace, 'mine');
    const { contexts, clusters } = loadKubeconfig([path]);
    assert.equal(contexts.get('prod')?.namespace, 'mine');
    assert.match(JSON.stringify(clusters.get('prod')), /"https:\/\/127.0.0.1:7777".*"proxy-url":"http:\/\/proxy"/);
  });

  it('is told apart from a wrong, foreign or absent one', async (t) => {
    const { terminal, path } = withKubeconfig(t, '');
    const state = (url = apiUrl): string => kubectlState(terminal, 'prod', { marks: marks(), apiUrl: url }).state;
    assert.equal(state(), 'Not configured');
    writeFileSync(path, foreign);
    assert.equal(state(), 'Misconfigured');
    rmSync(path);
    await writeKubeconfigEntry(terminal, entry());
    assert.equal(state(), 'Correctly configured');
    assert.equal(state('https://127.0.0.1:7777'), 'Misconfigured');
    editKubeconfig(path, (editor) => editor.useContext('other'));
    assert.equal(state(), 'Not current');
    writeFileSync(path, 'a: [');
    assert.equal(state(), 'Misconfigured');
  });

  it('waits while another program holds the file', async (t) => {
    const { terminal, path } = withKubeconfig(t, '');
    writeFileSync(`${path}.lock`, '');
    const writing = writeKubeconfigEntry(terminal, entry());
    rmSync(`${path}.lock`);
    await writing;
    assert.ok(loadKubeconfig([path]).contexts.has('prod'));
  });
});

describe("another cluster's entries of the same name", () => {
  it('are refused before anything is made, whichever of the three is foreign, and nothing is changed', async (t) => {
    const only = (list: string): string =>
      ['clusters', 'users', 'contexts']
        .filter((each) => each !== list)
        .reduce((text, each) => text.replace(new RegExp(`^${each}:.*$`, 'm'), `${each}: []`), foreign);
    // A context without cluster and user is unusable, so it is given a cluster of another name.
    const context = only('contexts')
      .replace('clusters: []', 'clusters: [{name: far, cluster: {server: https://far}}]')
      .replace('cluster: prod', 'cluster: far');
    for (const text of [foreign, only('clusters'), only('users'), context]) {
      const { terminal, text: now } = withKubeconfig(t, text);
      for (const attempt of [
        () => checkKubeconfig(terminal, 'prod', noMarks),
        () => checkKubeconfig(terminal, 'prod', marks()),
        () => writeKubeconfigEntry(terminal, entry()),
      ]) {
        await assert.rejects(attempt, (error: unknown) => error instanceof UserError && /"prod".*overwritten/.test(error.message));
      }
      assert.equal(now(), text);
    }
  });

  it('are not ours because the address is: a tunnel has the same', async (t) => {
    const { terminal } = withKubeconfig(t, foreign.replace('https://prod.example:6443', apiUrl));
    await assert.rejects(checkKubeconfig(terminal, 'prod', marks()), UserError);
  });

  it('are not ours because the address is: a stopped cluster of minik had the port before', async (t) => {
    const { terminal, path } = withKubeconfig(t, '');
    await writeKubeconfigEntry(terminal, entry('first', 1));
    const first = (): unknown => {
      const { clusters, users, contexts } = loadKubeconfig([path]);
      return [clusters, users, contexts].map((entries) => entries.get('first'));
    };
    const before = first();
    await checkKubeconfig(terminal, 'prod', marks());
    await writeKubeconfigEntry(terminal, entry());
    assert.deepEqual(first(), before);
    assert.deepEqual(namesIn(path), Array(3).fill(['first', 'prod']));
    assert.equal(kubectlState(terminal, 'prod', { marks: marks(), apiUrl }).state, 'Correctly configured');
    await removeKubeconfigEntry(terminal, removal());
    assert.deepEqual(first(), before);
    assert.deepEqual(namesIn(path), Array(3).fill(['first']));
  });

  it('stay when the cluster is deleted', async (t) => {
    const { terminal, text } = withKubeconfig(t, foreign);
    await checkKubeconfigRemoval(terminal, removal());
    await removeKubeconfigEntry(terminal, removal());
    assert.equal(text(), foreign);
  });

  it('are also those of a cluster of minik that answers, but not what a deleted one has left', async (t) => {
    const server = createServer();
    const url = await new Promise<string>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(`https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
      });
    });
    const { terminal, path } = withKubeconfig(t, '');
    await writeKubeconfigEntry(terminal, { ...entry('prod', 1), apiUrl: url });
    await assert.rejects(checkKubeconfig(terminal, 'prod', noMarks), UserError);
    await new Promise((closed) => server.close(closed));
    const known = await checkKubeconfig(terminal, 'prod', noMarks);
    await writeKubeconfigEntry(terminal, { ...entry(), marks: known });
    assert.deepEqual(namesIn(path), [['prod'], ['prod'], ['prod']]);
    assert.equal(loadKubeconfig([path]).clusters.get('prod')?.server, apiUrl);
  });
});

describe('entries that were renamed', () => {
  const renamed = async (t: TestContext) => {
    const there = withKubeconfig(t, work);
    await writeKubeconfigEntry(there.terminal, entry());
    editKubeconfig(there.path, (editor) => {
      editor.renameEntry('contexts', 'prod', 'mine');
      editor.useContext('mine');
    });
    return there;
  };

  it('are found by their content and used under their new name', async (t) => {
    const { terminal, path } = await renamed(t);
    assert.equal(kubectlState(terminal, 'prod', { marks: marks(), apiUrl }).state, 'Correctly configured');
    const change = await writeKubeconfigEntry(terminal, { ...entry(), marks: marks() });
    assert.deepEqual(change, { files: [path], context: 'mine', namespace: 'default', previousContext: undefined });
    assert.deepEqual(namesIn(path)[0], ['mine', 'work']);
  });

  it('are removed with the cluster: context, cluster and the key', async (t) => {
    const { terminal, path, text } = await renamed(t);
    await removeKubeconfigEntry(terminal, removal('work'));
    assert.deepEqual(namesIn(path), [['work'], ['work'], ['work']]);
    assert.equal(loadKubeconfig([path]).currentContext, 'work');
    assert.doesNotMatch(text(), /client-key-data/);
  });

  it('leave a foreign entry alone that has taken the old name', async (t) => {
    const { terminal, path } = await renamed(t);
    editKubeconfig(path, (editor) => {
      editor.mergeEntry('clusters', 'far', { server: 'https://far' });
      editor.mergeEntry('contexts', 'prod', { cluster: 'far', user: 'work' });
    });
    await checkKubeconfig(terminal, 'prod', marks());
    await writeKubeconfigEntry(terminal, { ...entry(), marks: marks() });
    await removeKubeconfigEntry(terminal, removal());
    assert.deepEqual(namesIn(path)[0], ['prod', 'work']);
    assert.equal(loadKubeconfig([path]).contexts.get('prod')?.cluster, 'far');
  });
});

describe('a kubeconfig of several files', () => {
  const several = (t: TestContext, texts: readonly (string | undefined)[]) => {
    const base = fakeTerminal(t);
    const paths = texts.map((_, index) => join(base.home, `file-${index}`));
    for (const [index, text] of texts.entries()) if (text !== undefined) writeFileSync(paths[index] ?? '', text);
    return { terminal: { ...base, env: { KUBECONFIG: paths.join(':') } }, paths };
  };

  it('gets what is new where kubectl would put it: into the first that exists', async (t) => {
    const { terminal, paths } = several(t, [undefined, work, undefined]);
    const { files } = await writeKubeconfigEntry(terminal, entry());
    assert.deepEqual(files, [paths[1]]);
    assert.equal(kubectlState(terminal, 'prod', { marks: marks(), apiUrl }).state, 'Correctly configured');
  });

  it('has each entry renewed where it is', async (t) => {
    const { terminal, paths } = several(t, [work, undefined]);
    await writeKubeconfigEntry({ ...terminal, env: { KUBECONFIG: paths[1] ?? '' } }, entry());
    await writeKubeconfigEntry(terminal, { ...entry(), marks: marks() });
    assert.deepEqual([namesIn(paths[0] ?? '')[0], namesIn(paths[1] ?? '')[0]], [['work'], ['prod']]);
    assert.equal(loadKubeconfig(paths).currentContext, 'prod');
  });

  it('is cleaned in every file, and in those that an earlier start wrote to', async (t) => {
    const { terminal, paths } = several(t, [work, foreign, '']);
    const [first = '', second = '', third = ''] = paths;
    for (const file of [first, third]) await writeKubeconfigEntry({ ...terminal, env: { KUBECONFIG: file } }, entry());
    const now = { ...terminal, env: { KUBECONFIG: `${first}:${second}` } };
    await removeKubeconfigEntry(now, removal('work', [third]));
    assert.deepEqual(
      paths.map((path) => namesIn(path)[0]),
      [['work'], ['prod'], []],
    );
    // Not the other cluster, whose context still has that name.
    assert.equal(loadKubeconfig([first, second]).currentContext, 'work');
    assert.equal(loadKubeconfig([third]).currentContext, 'work');
  });
});
