/** What kubeconfig and flags say together. The expected texts are those of upstream's kubectl. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fakeTerminal } from '../../testing/fake-terminal.ts';
import { runKubectl } from '../run-kubectl.ts';

const seen: IncomingHttpHeaders[] = [];
const server = createServer((request, response) => {
  seen.push(request.headers);
  response.setHeader('content-type', 'application/json');
  response.end('{"gitVersion":"v1.36.0"}');
});
let url = '';
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

/** Asks for the version with flags; the headers that were sent, if any. */
async function ask(t: TestContext, ...flags: readonly string[]) {
  const terminal = fakeTerminal(t);
  mkdirSync(join(terminal.home, '.kube'));
  const config = {
    'current-context': 'one',
    clusters: [{ name: 'here', cluster: { server: 'http://127.0.0.1:1' } }],
    users: [
      { name: 'jane', user: { token: 'of-jane' } },
      { name: 'joe', user: { token: 'of-joe' } },
    ],
    contexts: [{ name: 'one', context: { cluster: 'here', user: 'jane' } }],
  };
  writeFileSync(join(terminal.home, '.kube', 'config'), JSON.stringify(config));
  const before = seen.length;
  const code = await runKubectl(['get', '--raw', '/version', ...flags.map((flag) => flag.replace('SERVER', url))], terminal);
  return { code, err: terminal.printed.err, headers: seen[before] };
}

describe('a server that a flag names', () => {
  it('is asked as the user of the context', async (t) => {
    const { code, headers } = await ask(t, '--server=SERVER');
    assert.deepEqual([code, headers?.authorization], [0, 'Bearer of-jane']);
  });

  it('is asked as the user that another flag names', async (t) => {
    const { headers } = await ask(t, '--server=SERVER', '--user=joe', '--as=ann', '--as-group=devs', '--as-user-extra=Some/Thing=a=b');
    const { authorization, 'impersonate-user': user, 'impersonate-group': groups, 'impersonate-extra-some%2fthing': extra } = headers ?? {};
    assert.deepEqual([authorization, user, groups, extra], ['Bearer of-joe', 'ann', 'devs', 'a=b']);
  });
});

describe('a flag of a verb that is called like one of all verbs', () => {
  it('says nothing of the connection', async (t) => {
    const terminal = fakeTerminal(t);
    const args = ['create', 'clusterrolebinding', 'b', '--clusterrole=admin', '--user=ann', '--dry-run=client', '-o', 'name'];
    assert.equal(await runKubectl(['--server', url, ...args], terminal), 0, terminal.printed.err);
  });
});

describe('flags that say what cannot be', () => {
  const refusals: Readonly<Record<string, string>> = {
    '--cluster=none': 'error: cluster "none" does not exist\n',
    '--user=none': 'error: auth info "none" does not exist\n',
    '--as-group=devs': 'Error in configuration: requesting uid, groups or user-extra for jane without impersonating a user\n',
    '--as-user-extra=a=b': 'Error in configuration: requesting uid, groups or user-extra for jane without impersonating a user\n',
    '--as-uid=7': 'Error in configuration: requesting uid, groups or user-extra for jane without impersonating a user\n',
    '--certificate-authority=/no/ca':
      'Error in configuration: unable to read certificate-authority /no/ca for here due to open /no/ca: no such file or directory\n',
    '--client-certificate=/no/c --client-key=/no/k':
      'Error in configuration: \n* unable to read client-cert /no/c for jane due to open /no/c: no such file or directory\n' +
      '* unable to read client-key /no/k for jane due to open /no/k: no such file or directory\n',
    '--certificate-authority=/': 'error: read /: is a directory\n',
    '--kubeconfig=/no/config': 'error: stat /no/config: no such file or directory\n',
    '--request-timeout=soon':
      'error: Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)\n',
  };
  for (const [flags, text] of Object.entries(refusals)) {
    it(`are refused: ${flags}`, async (t) => {
      assert.deepEqual(await ask(t, '--server=SERVER', ...flags.split(' ')), { code: 1, err: text, headers: undefined });
    });
  }
});
