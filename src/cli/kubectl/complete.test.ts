import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { completionScript } from '../completion-scripts.ts';
import { type FakeApiServer, fakeApiServer, type ServedKind } from '../testing/fake-api-server.ts';
import { fakeTerminal } from '../testing/fake-terminal.ts';
import { loadCommands } from './commands.ts';
import { runKubectl } from './run-kubectl.ts';

const objects = (...names: string[]): ServedKind['objects'] => names.map((name) => ({ metadata: { name } }));
const pod = { metadata: { name: 'web-1' }, spec: { containers: [{ name: 'main' }, { name: 'side' }], initContainers: [{ name: 'init' }] } };
const served: readonly ServedKind[] = [
  { group: '', version: 'v1', kind: 'Pod', plural: 'pods', objects: [pod, ...objects('web-2', 'db')] },
  { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', objects: objects('default', 'dev') },
  { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', objects: objects('web') },
];

let server: FakeApiServer;
before(async () => {
  server = await fakeApiServer(served);
});
after(() => server.close());

/** What is offered for the last of the words. */
async function complete(t: TestContext, words: readonly string[], url = server.url): Promise<readonly string[]> {
  const terminal = fakeTerminal(t);
  const named = (name: string) => [{ name, cluster: { server: url }, context: { cluster: name, user: '', namespace: 'default' } }];
  const path = join(terminal.home, 'config');
  writeFileSync(
    path,
    JSON.stringify({
      kind: 'Config',
      apiVersion: 'v1',
      'current-context': 'one',
      contexts: named('one'),
      clusters: named('one'),
      users: [],
    }),
  );
  assert.equal(await runKubectl(['__complete', ...words], { ...terminal, env: { KUBECONFIG: path } }), 0);
  assert.equal(terminal.printed.err, '');
  return terminal.printed.out.split('\n').slice(0, -1);
}

describe('completions of kubectl', () => {
  const cases: readonly (readonly [line: string, expected: readonly string[]])[] = [
    ['desc', ['describe']],
    ['-n dev rollout re', ['restart', 'resume']],
    ['get ', ['pods', 'namespaces', 'deployments.apps']],
    ['get po', ['pods']],
    ['get pods we', ['web-1', 'web-2']],
    ['delete pods web-1 ', ['web-2', 'db']],
    ['get deployment/', ['deployment/web']],
    ['rollout status ', ['daemonset', 'deployment', 'statefulset']],
    ['rollout status deployment ', ['web']],
    ['logs --tail 5 d', ['db']],
    ['logs db ', []],
    ['exec web-1 -- l', []],
    ['logs web-1 -c ', ['main', 'side', 'init']],
    ['exec pod/web-1 --container=s', ['--container=side']],
    ['get -n de', ['default', 'dev']],
    ['get --namespace = dev', ['dev']],
    ['get --context ', ['one']],
    ['config use-context ', ['one']],
    ['get -o js', ['json', 'jsonpath', 'jsonpath-as-json', 'jsonpath-file']],
    ['get --output=k', ['--output=kyaml']],
    ['get --output = ky', ['kyaml']],
    ['get --output =', ['json', 'yaml', 'kyaml', 'name', 'go-template', 'go-template-file', 'template', 'templatefile', 'jsonpath']],
    ['get --show-l', ['--show-labels']],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['nonsense ', []],
    ['get --no-such-flag ', []],
    ['get nonsense ', []],
    ['apply -f ', []],
  ];
  for (const [line, expected] of cases)
    it(`of "${line}" are ${expected.length === 0 ? 'none' : expected.join(', ')}`, async (t) => {
      assert.deepEqual((await complete(t, line.split(' '))).slice(0, Math.max(9, expected.length)), expected);
    });

  it('are all verbs that the help shows, for nothing', async (t) => {
    const shown = (await loadCommands()).filter(({ hidden }) => hidden !== true).map(({ name }) => name);
    assert.deepEqual(await complete(t, ['']), shown);
  });

  it('are none, without a word, when the server does not answer', async (t) => {
    assert.deepEqual(await complete(t, ['get', 'pods', ''], 'http://127.0.0.1:1'), []);
  });

  it('are what bash offers, also for an alias and for the value of a flag', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'minik-completion-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    // Prints the words for which it was called.
    writeFileSync(join(folder, 'kubectl'), '#!/bin/sh\nprintf "%s:" "$#" "$@"\necho\n');
    chmodSync(join(folder, 'kubectl'), 0o755);
    const offered = (words: string, program = 'kubectl'): string => {
      const script = `shopt -s expand_aliases\nalias k='kubectl --context=x'\n${completionScript('bash', 'kubectl')}
COMP_WORDS=(${program} ${words})\nCOMP_CWORD=$((\${#COMP_WORDS[@]} - 1))\n__start_kubectl\nprintf '%s\\n' "\${COMPREPLY[@]}"\n`;
      const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
        env: { PATH: `${folder}:/usr/bin:/bin` },
        encoding: 'utf8',
      });
      assert.equal(stderr, '');
      return stdout;
    };
    assert.equal(offered(`get ''`), '3:__complete:get::\n');
    assert.equal(offered(`get --output =`), '4:__complete:get:--output:=:\n');
    assert.equal(offered(`get ''`, 'k'), '4:--context=x:__complete:get::\n');
  });
});

describe('kubectl completion', () => {
  it('prints the script of a shell, and refuses others as kubectl does', async (t) => {
    const run = async (...args: string[]) => {
      const terminal = fakeTerminal(t);
      return { code: await runKubectl(['completion', ...args], terminal), ...terminal.printed };
    };
    const help = "See 'kubectl completion -h' for help and examples\n";
    assert.deepEqual(await run('fish'), { code: 0, out: completionScript('fish', 'kubectl'), err: '' });
    assert.deepEqual(await run(), { code: 1, out: '', err: `error: Shell not specified.\n${help}` });
    assert.deepEqual(await run('ksh'), { code: 1, out: '', err: `error: Unsupported shell type "ksh".\n${help}` });
    assert.deepEqual(await run('bash', 'zsh'), {
      ...{ code: 1, out: '' },
      err: `error: Too many arguments. Expected only the shell type.\n${help}`,
    });
  });
});
