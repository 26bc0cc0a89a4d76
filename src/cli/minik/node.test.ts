import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { silentLogger } from '../../client/logger.ts';
import type { NodeSettings } from '../nodes.ts';
import { fakeTerminal } from '../testing/fake-terminal.ts';
import { runMinik } from './cli.ts';
import { followNodes } from './follow-nodes.ts';
import { processStartOf } from './process-identity.ts';
import { minikHome, Profile } from './profile.ts';

/**
 * A profile whose server is this process, if `serves`; what the server is asked to make of the nodes, by their
 * numbers.
 */
function harness(t: TestContext, { serves = true, nodeAddresses = 4, fails = (_: NodeSettings): boolean => false } = {}) {
  const terminal = fakeTerminal(t);
  const profile = new Profile(minikHome(terminal), 'demo');
  profile.saveSettings({
    ...{ profile: 'demo', folder: profile.folder, runtime: 'docker', nodes: [{ index: 0, zone: 'a' }, { index: 1 }], nodeAddresses },
    ...{ apiPort: 6443, serviceCidr: '10.96.0.0/20', podCidr: '10.244.0.0/20', clusterId: 'demo-1' },
  });
  const made: string[] = [];
  if (serves) {
    const [pid, startedAt] = [process.pid, '2026-01-01T00:00:00Z'];
    profile.saveServer({ pid, processStart: processStartOf(pid), apiUrl: 'https://127.0.0.1:6443', startedAt, version: '1' });
    const setNodes = async (nodes: readonly NodeSettings[]): Promise<Readonly<Record<string, string>>> => {
      made.push(nodes.map(({ index, zone = '', wanted = 'running' }) => `${index}${zone} ${wanted}`).join(', '));
      return Object.fromEntries(nodes.filter(fails).map(({ index }) => [`demo-m0${index + 1}`, 'no route']));
    };
    t.after(followNodes(profile, { setNodes }, silentLogger));
  }
  const run = async (...args: string[]): Promise<number> => {
    terminal.printed.out = '';
    terminal.printed.err = '';
    return runMinik(['node', ...args], {
      terminal,
      loadClusterHost: () => Promise.reject(new Error('not in this test')),
      openLog: () => silentLogger,
      selfCommand: ['false'],
      version: '1.2.3',
      kubernetesVersion: 'v1.36.0',
      interruption: () => new AbortController().signal,
      signals: () => ({ listen: () => () => undefined }),
      kubectl: async () => 0,
    });
  };
  return { terminal, profile, made, run };
}

describe('minik node', () => {
  it('lists the nodes, for people and for programs', async (t) => {
    const { run, terminal } = harness(t);
    assert.equal(await run('list', '-p', 'demo'), 0);
    assert.equal(
      terminal.printed.out,
      `NAME       ROLE            ADDRESS      ZONE     STATE
demo       control-plane   10.244.0.1   a        Running
demo-m02   worker          10.244.0.2   <none>   Running
`,
    );
    assert.equal(await run('list', '-p', 'demo', '-o', 'json'), 0);
    const worker = { name: 'demo-m02', role: 'worker', address: '10.244.0.2', zone: null, state: 'Running' };
    assert.deepEqual((JSON.parse(terminal.printed.out) as { readonly nodes: readonly object[] }).nodes[1], worker);
  });

  it('has the server add, stop, start and delete nodes, one after the other', async (t) => {
    const { run, terminal, made, profile } = harness(t);
    assert.equal(await run('add', '-p', 'demo', '--zone', 'b', '-o', 'json'), 0);
    assert.deepEqual(JSON.parse(terminal.printed.out), { profile: 'demo', node: 'demo-m03', state: 'Running' });
    for (const args of [['stop', 'demo-m02'], ['start', 'demo-m02'], ['delete', 'demo-m03'], ['add']])
      assert.equal(await run(...args, '-p', 'demo'), 0);
    assert.deepEqual(
      made.filter((each, at) => each !== made[at - 1]),
      [
        '0a running, 1 running',
        '0a running, 1 running, 2b running',
        '0a running, 1 stopped, 2b running',
        '0a running, 1 running, 2b running',
        '0a running, 1 running, 2b deleted',
        '0a running, 1 running, 2a running',
      ].filter((each) => made.includes(each)),
    );
    assert.equal(made.at(-1), '0a running, 1 running, 2a running');
    assert.deepEqual(profile.settings()?.nodes, [{ index: 0, zone: 'a' }, { index: 1 }, { index: 2, zone: 'a' }]);
  });

  it('leaves no node behind that could not be started', async (t) => {
    const { run, terminal, made, profile } = harness(t, { fails: ({ index, wanted }) => index === 2 && wanted === undefined });
    assert.equal(await run('add', '-p', 'demo'), 1);
    assert.equal(terminal.printed.err, 'minik: "demo-m03": no route\n  "minik logs -p demo" may say more.\n');
    assert.equal(made.at(-1), '0a running, 1 running, 2a deleted');
    assert.deepEqual(profile.settings()?.nodes.length, 2);
  });

  it('refuses what cannot be, and says what can', async (t) => {
    const { run, terminal } = harness(t, { nodeAddresses: 2 });
    for (const [args, code, message] of [
      [['stop', 'demo'], 1, /runs the control plane, without which there is no cluster\n {2}The whole cluster: "minik stop -p demo"\.\n/],
      [['delete', 'demo'], 1, /The whole cluster: "minik delete -p demo"/],
      [['stop', 'demo-m20'], 1, /profile "demo" has no node "demo-m20"\n {2}Did you mean demo-m02\?\n {2}Its nodes: demo, demo-m02\.\n/],
      [['add'], 1, /has addresses for 2 nodes, and they are taken/],
      [['add', '--zone', 'a b'], 64, /--zone takes names of zones, such as a,b,c, not "a b"/],
      [['add', '--zone', 'a,b'], 64, /--zone takes one zone, not "a,b"/],
      [['add', 'x'], 64, /"minik node add" takes no argument, but got "x"/],
      [['stop'], 64, /"minik node stop" takes the name of one of the nodes/],
      [['stop', 'a', 'b'], 64, /takes one argument, but also got "b"/],
      [['stpo', 'a'], 64, /takes one of add, list, stop, start, delete, not "stpo"\n {2}Did you mean "minik node stop"\?/],
      [[], 64, /"minik node" takes one of/],
      [['add', '-p', 'other'], 1, /there is no profile "other"\n {2}"minik start -p other" makes one\./],
    ] as const) {
      assert.equal(
        await run(...args, ...(args.length === 0 || args.some((word) => word === '-p') ? [] : ['-p', 'demo'])),
        code,
        args.join(' '),
      );
      assert.match(terminal.printed.err, message);
    }
    const stopped = harness(t, { serves: false });
    assert.equal(await stopped.run('add', '-p', 'demo'), 1);
    assert.match(stopped.terminal.printed.err, /profile "demo" is not running, and its nodes are changed while it runs/);
  });

  it('tells of its commands', async (t) => {
    const { run, terminal } = harness(t);
    for (const args of [['--help'], ['stop', '--help']]) {
      assert.equal(await run(...args), 0);
      assert.match(terminal.printed.out, /^Usage:\n {2}minik node /m);
    }
  });
});
