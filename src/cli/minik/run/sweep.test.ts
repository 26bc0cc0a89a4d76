import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { silentLogger } from '../../../client/logger.ts';
import { type ClusterHost, type ClusterSettings, UserError } from '../../cluster-port.ts';
import { type FakeTerminal, fakeTerminal } from '../../testing/fake-terminal.ts';
import { runMinik } from '../cli.ts';
import { processStartOf } from '../process-identity.ts';
import { minikHome, Profile } from '../profile.ts';
import { isMarked, makeMark, marksIn, type RunMark } from './mark.ts';

const settings = (profile: Profile): ClusterSettings => ({
  ...{ profile: profile.name, folder: profile.folder, runtime: 'simulated', nodes: [{ index: 0 }], apiPort: 20_000 },
  ...{ serviceCidr: '10.96.0.0/20', podCidr: '10.244.0.0/20', clusterId: profile.name },
});

interface Machine {
  readonly terminal: FakeTerminal;
  readonly home: string;
  readonly destroyed: string[];
  /** A cluster of a run that lives (this process), or of one that has died. */
  cluster(of: 'living' | 'dead'): Profile;
  minik(...args: readonly string[]): Promise<number>;
}

function machine(t: TestContext): Machine {
  const terminal = fakeTerminal(t);
  const home = minikHome(terminal);
  const destroyed: string[] = [];
  const host: ClusterHost = {
    plan: () => Promise.reject(new Error('not in this test')),
    start: () => Promise.reject(new Error('not in this test')),
    locate: async (known) => {
      if (known.engine?.id === 'gone') throw new UserError('no Docker daemon answers');
      return known;
    },
    serveApi: () => Promise.reject(new Error('not in this test')),
    destroy: async ({ profile }, abrupt) => void destroyed.push(abrupt ? `${profile}, killed` : profile),
  };
  // A process that has ended.
  const { pid } = spawnSync('true');
  const cluster = (of: 'living' | 'dead'): Profile => {
    const mark: RunMark = of === 'living' ? makeMark(home) : { profile: `run-dead${marksIn(home).length}`, pid, processStart: '1' };
    mkdirSync(join(home, 'runs'), { recursive: true });
    if (of === 'dead') writeFileSync(join(home, 'runs', `${mark.profile}.${pid}.1`), '');
    const profile = new Profile(home, mark.profile);
    profile.saveSettings(settings(profile));
    return profile;
  };
  const minik = (...args: readonly string[]): Promise<number> =>
    runMinik(args, {
      ...{ terminal, loadClusterHost: async () => host, openLog: () => silentLogger, selfCommand: ['/usr/bin/env', 'false'] },
      ...{ version: '1.2.3', kubernetesVersion: 'v1.36.0', interruption: () => new AbortController().signal, kubectl: async () => 0 },
      signals: () => ({ listen: () => () => undefined }),
    });
  return { terminal, home, destroyed, cluster, minik };
}

describe('what dead runs have left', () => {
  it('is removed by the next command, whichever it is; what belongs to living runs and to nobody stays', async (t) => {
    for (const command of [['status'], ['version'], ['stop'], ['logs'], ['node', 'list']]) {
      const { home, destroyed, cluster, minik } = machine(t);
      const [living, dead, own] = [cluster('living'), cluster('dead'), new Profile(home, 'own')];
      own.saveSettings(settings(own));
      await minik(...command);
      assert.deepEqual(destroyed, [dead.name], command.join(' '));
      assert.deepEqual(
        [living, dead, own].map(({ exists }) => exists),
        [true, false, true],
      );
      assert.deepEqual(
        marksIn(home).map(({ profile }) => profile),
        [living.name],
      );
    }
  });

  it('is removed by "delete --ephemeral", which says what it was', async (t) => {
    const { terminal, destroyed, cluster, minik } = machine(t);
    const [a, b] = [cluster('dead'), cluster('dead')];
    assert.equal(await minik('delete', '--ephemeral', '-o', 'json'), 0);
    assert.deepEqual(JSON.parse(terminal.printed.out), { deleted: [a.name, b.name] });
    assert.deepEqual(destroyed, [a.name, b.name]);
    await minik('delete', '--ephemeral');
    assert.equal(terminal.printed.err, 'minik: no dead run has left anything.\n');
  });

  it('is tried again by every command when it cannot be removed, and keeps none from its work', async (t) => {
    const { terminal, home, cluster, minik } = machine(t);
    const dead = cluster('dead');
    dead.saveSettings({ ...settings(dead), runtime: 'docker', engine: { host: 'unix:///a.sock', id: 'gone' } });
    for (let time = 0; time < 2; time++) {
      terminal.printed.err = '';
      assert.equal(await minik('version'), 0);
      assert.equal(terminal.printed.err, 'minik: what a dead run has left could not be removed: no Docker daemon answers\n');
    }
    assert.equal(await minik('delete', '--ephemeral'), 1);
    assert.equal(dead.exists, true);
    assert.equal(await minik('delete', '--ephemeral', '--force'), 0);
    assert.deepEqual([dead.exists, marksIn(home)], [false, []]);
  });

  it('is removed also when the server gets as far as making it while it is being stopped', async (t) => {
    const { destroyed, cluster, minik } = machine(t);
    const dead = cluster('dead');
    const script = 'cd "$0"; mv settings.json later; trap "mv later settings.json; exit" TERM; echo ready; while :; do sleep 0.01; done';
    const server = spawn('sh', ['-c', script, dead.folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(server.stdout, 'data');
    dead.saveGuard({ pid: server.pid ?? 0, processStart: processStartOf(server.pid ?? 0) });
    await minik('version');
    assert.deepEqual([destroyed, dead.exists], [[dead.name], false]);
  });

  it('is looked for again when the server was killed, and once when it ended by itself', async (t) => {
    const { destroyed, cluster, minik } = machine(t);
    const [killed, ended] = [cluster('dead'), cluster('dead')];
    killed.beginServing();
    ended.beginServing();
    ended.endServing();
    await minik('version');
    assert.deepEqual(destroyed, [`${killed.name}, killed`, ended.name]);
  });

  it('is left to the command that is at it', async (t) => {
    const { destroyed, cluster, minik } = machine(t);
    const release = cluster('dead').lock('delete');
    await minik('version');
    assert.deepEqual(destroyed, []);
    release();
    await minik('version');
    assert.equal(destroyed.length, 1);
  });

  it('is a mark alone when the run had made nothing yet, or all was removed', async (t) => {
    const { home, minik, cluster } = machine(t);
    cluster('dead').remove();
    await minik('version');
    assert.deepEqual(marksIn(home), []);
  });

  it('does not include the clusters of living runs when all clusters are deleted', async (t) => {
    const { home, destroyed, cluster, minik } = machine(t);
    const [living, own] = [cluster('living'), new Profile(home, 'own')];
    own.saveSettings(settings(own));
    assert.equal(await minik('delete', '--all'), 0);
    assert.deepEqual([destroyed, existsSync(living.folder)], [['own'], true]);
  });
});

describe('marks of runs', () => {
  it('name clusters that no other run has, and are found until they are removed', (t) => {
    const { home } = machine(t);
    const marks = Array.from({ length: 50 }, () => makeMark(home));
    assert.equal(new Set(marks.map(({ profile }) => profile)).size, 50);
    assert.ok(marks.every((mark) => isMarked(home, mark)));
    writeFileSync(join(home, 'runs', 'notes.txt'), '');
    assert.equal(marksIn(home).length, 50, 'files of others are no marks');
  });
});

describe('"minik run"', () => {
  it('refuses what it cannot do before it makes anything', async (t) => {
    const { terminal, home, minik } = machine(t);
    for (const [args, code, message] of [
      [['run'], 64, /takes a command after --/],
      [['run', '--'], 64, /takes a command after --/],
      [['run', 'true'], 64, /takes its command after --, but got "true" before it/],
      [['run', '-p', 'x', '--', 'true'], 64, /unknown flag -p/],
      [['run', '--artifacts-on', 'success', '--', 'true'], 64, /--artifacts-on must be always or failure/],
      [['run', '--artifacts-on', 'failure', '--', 'true'], 64, /--artifacts where, which is missing/],
      [['run', '--timeout', '5', '--', 'true'], 64, /--timeout takes a duration such as 90s or 5m, not "5"/],
      [['run', '--manifests', '/nowhere/a', '--', 'true'], 125, /--manifests: there is no \/nowhere\/a/],
    ] as const) {
      terminal.printed.err = '';
      assert.equal(await minik(...args), code, args.join(' '));
      assert.match(terminal.printed.err, message);
      assert.deepEqual(marksIn(home), []);
    }
  });

  it('takes several manifests after one flag, and shows its help before the command only', async (t) => {
    const { terminal, minik } = machine(t);
    const file = join(terminal.home, 'a.yaml');
    writeFileSync(file, '');
    assert.equal(await minik('run', '--manifests', file, file, '/nowhere/b', '--keep', '--', 'true', '--help'), 125);
    assert.match(terminal.printed.err, /there is no \/nowhere\/b/);
    assert.equal(await minik('run', '--help', '--', 'true'), 0);
    assert.match(terminal.printed.out, /minik run \[flags\] -- COMMAND/);
  });

  it('leaves nothing of a cluster that does not start, and says so with a code of its own', async (t) => {
    const { terminal, home, minik } = machine(t);
    assert.equal(await minik('run', '--', 'true'), 125);
    assert.match(terminal.printed.err, /the server ended while starting/);
    assert.deepEqual([marksIn(home), existsSync(join(home, 'profiles', 'run'))], [[], false]);
  });
});
