import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { silentLogger } from '../../client/logger.ts';
import { type ClusterHost, type ClusterSettings, UserError } from '../cluster-port.ts';
import { type FakeTerminal, fakeTerminal } from '../testing/fake-terminal.ts';
import { runMinik } from './cli.ts';
import { writeKubeconfigEntry } from './kubeconfig-entry.ts';
import { minikHome, Profile } from './profile.ts';
import { verbs } from './verbs.ts';

interface Harness {
  readonly terminal: FakeTerminal;
  readonly destroyed: string[];
  readonly kubectlCalls: (readonly string[])[];
  run(...args: string[]): Promise<number>;
}

function harness(t: TestContext, env: (home: string) => Readonly<Record<string, string>> = () => ({})): Harness {
  const base = fakeTerminal(t);
  const terminal = { ...base, env: env(base.home) };
  const destroyed: string[] = [];
  const kubectlCalls: (readonly string[])[] = [];
  const host: ClusterHost = {
    plan: () => Promise.reject(new Error('not in this test')),
    start: () => Promise.reject(new Error('not in this test')),
    locate: async (settings) => {
      if (settings.engine?.id === 'gone') throw new UserError('no Docker daemon answers');
      if (settings.engine?.id === 'another part')
        throw Object.assign(new Error('of another part'), { name: 'UserError', hints: ['do this'] });
      return settings;
    },
    serveApi: () => Promise.reject(new Error('not in this test')),
    destroy: async (settings) => void destroyed.push(settings.profile),
  };
  const { signal: interrupted } = new AbortController();
  const run = (...args: string[]): Promise<number> =>
    runMinik(args, {
      terminal,
      loadClusterHost: async () => host,
      openLog: () => silentLogger,
      selfCommand: ['/usr/bin/env', 'false'],
      version: '1.2.3',
      kubernetesVersion: 'v1.36.0',
      interruption: () => interrupted,
      signals: () => ({ listen: () => () => undefined }),
      kubectl: async (rest) => {
        kubectlCalls.push(rest);
        return 5;
      },
    });
  return { terminal, destroyed, kubectlCalls, run };
}

const settings = (profile: Profile): ClusterSettings => ({
  profile: profile.name,
  folder: profile.folder,
  runtime: 'docker',
  nodes: [{ index: 0 }],
  apiPort: 6443,
  serviceCidr: '10.96.0.0/20',
  podCidr: '10.244.0.0/20',
  clusterId: 'demo-1',
});

describe('minik', () => {
  it('prints its version', async (t) => {
    const { run, terminal } = harness(t);
    assert.equal(await run('version'), 0);
    assert.equal(terminal.printed.out, 'minik version: v1.2.3\nKubernetes: v1.36.0\n');
  });

  it('knows what the user can correct by its name: a part of the executable has a class of its own', async (t) => {
    const { run, terminal } = harness(t);
    const profile = new Profile(minikHome(terminal), 'demo');
    profile.saveSettings({ ...settings(profile), engine: { host: 'unix:///a.sock', id: 'another part' } });
    assert.equal(await run('delete', '-p', 'demo'), 1);
    assert.match(terminal.printed.err, /^minik: of another part\n {2}do this\n/);
  });

  it('hands everything after kubectl on, unread', async (t) => {
    const { run, kubectlCalls } = harness(t);
    assert.equal(await run('kubectl', 'get', 'pods', '--help', '-p', 'x'), 5);
    assert.deepEqual(kubectlCalls, [['get', 'pods', '--help', '-p', 'x']]);
  });

  it('refuses what it does not understand with the exit code of wrong usage, and says what may be meant', async (t) => {
    const { run, terminal } = harness(t);
    for (const [args, message] of [
      [['sart'], /unknown command "sart"\n {2}Did you mean "minik start"\?\n/],
      [['xyzzy'], /unknown command "xyzzy"\n {2}"minik help" lists the commands\.\n$/],
      [['help', 'stats'], /Did you mean "minik status"\?/],
      [['start', '--nonsense'], /unknown flag --nonsense\n {2}"minik help start" lists its flags\.\n/],
      [['start', '--node', '2'], /unknown flag --node\n {2}Did you mean --nodes\?/],
      [['start', '-p'], /value is missing/],
      [['start', 'demo'], /"minik start" takes no argument, but got "demo"\n {2}To name a cluster: minik start -p demo\n/],
      [['delete', '--all', '7'], /takes no argument, but got "7"/],
      [['help', 'start', 'stop'], /takes one command/],
      [['completion'], /takes one of bash, zsh, fish/],
      [['completion', 'ksh'], /takes one of bash, zsh, fish/],
      [['start', '--runtime', 'podman'], /unknown runtime "podman"/],
      [['start', '--nodes', '0'], /--nodes must be a whole number from 1 to 5000/],
      [['start', '--api-port', 'abc'], /--api-port must be a whole number/],
      [['status', '-o', 'xml'], /unknown output format "xml"/],
      [['start', '-p', 'No Good'], /invalid profile name "No Good"/],
      [['start', '--nodes', '1e1'], /not "1e1"/],
      [['start', '--service-cidr', '10.96.0.0/30'], /is too small: 16 addresses are needed \(\/28 or wider\)/],
      [['start', '--service-cidr', '10.96.0.0'], /takes an IPv4 range such as/],
      [['start', '--service-cidr', '10.96.0.1/20'], /is no range: it must begin at a multiple/],
      [['start', '--service-cidr', '10.0.0.0/8'], /is too large: \/12 is the widest/],
      [['start', '--pod-cidr', '10.244.0.0/29', '--nodes', '9'], /is too small: 13 addresses/],
      [['start', '--service-cidr', '10.96.0.0/16', '--pod-cidr', '10.96.16.0/20'], /have addresses in common/],
    ] as const) {
      terminal.printed.err = '';
      assert.equal(await run(...args), 64, args.join(' '));
      assert.match(terminal.printed.err, message);
    }
  });

  it('takes a name of digits for a name, and the last of several', async (t) => {
    const { run, terminal } = harness(t);
    for (const args of [['-p', '007'], ['--profile=007'], ['-p', 'x', '-p', '007']]) {
      terminal.printed.out = '';
      await run('status', '-o', 'json', ...args);
      assert.equal((JSON.parse(terminal.printed.out) as { readonly profile: string }).profile, '007');
    }
  });

  it('tells of itself and of each command, however it is asked', async (t) => {
    const { run, terminal } = harness(t);
    const told = async (...args: string[]): Promise<string> => {
      terminal.printed.out = '';
      assert.equal(await run(...args), 0, args.join(' '));
      return terminal.printed.out;
    };
    const general = await told('help');
    for (const args of [[], ['--help'], ['-h'], ['help', '--help']]) {
      const text = await told(...args);
      assert.ok(text === general || text.startsWith('Tell about minik'), args.join(' '));
    }
    for (const { name, flags, examples } of verbs) {
      assert.match(general, new RegExp(`^  ${name} +\\S`, 'm'));
      if (name === 'kubectl') continue;
      const text = await told('help', name);
      assert.equal(await told(name, '--help'), text);
      for (const flag of flags) assert.match(text, new RegExp(`--${flag.name}\\b`));
      for (const [, command] of examples) assert.ok(text.includes(command));
    }
    assert.match(await told('help', 'start'), /--nodes COUNT .*\(default: 1\)/);
  });

  it('says what the system refuses, without a stack trace', async (t) => {
    const { terminal, run } = harness(t, (home) => ({ MINIK_HOME: join(home, 'taken') }));
    writeFileSync(join(terminal.home, 'taken'), '');
    for (const args of [['start'], ['stop'], ['status'], ['logs'], ['delete', '--all']]) {
      terminal.printed.err = '';
      await run(...args);
      assert.doesNotMatch(terminal.printed.err, /internal error|\n {4}at /, args.join(' '));
    }
    terminal.printed.err = '';
    assert.equal(await run('start'), 1);
    assert.match(terminal.printed.err, /taken.*: not a directory\n.*MINIK_HOME names another folder/);
  });

  it('names what lies in the place of one of its files', async (t) => {
    for (const file of ['lock', 'settings.json', 'server.json', 'credentials.json', 'kubeconfig.json', 'crashes', 'server.log']) {
      const { terminal, run } = harness(t);
      mkdirSync(join(minikHome(terminal), 'profiles', 'demo', file), { recursive: true });
      assert.equal(await run('start', '-p', 'demo'), 1, file);
      assert.match(terminal.printed.err, new RegExp(`profiles/demo/${file}`));
      for (const verb of ['status', 'stop', 'logs', 'delete']) await run(verb, '-p', 'demo');
      assert.doesNotMatch(terminal.printed.err, /internal error|\n {4}at /, file);
    }
  });

  it('takes variables that are set to nothing as absent', async (t) => {
    const { terminal, run } = harness(t, () => ({ MINIK_HOME: '', MINIK_PROFILE: '' }));
    await run('status', '-o', 'json');
    const { profile, folder } = JSON.parse(terminal.printed.out) as { readonly profile: string; readonly folder: string };
    assert.deepEqual([profile, folder], ['minik', join(terminal.home, '.minik/profiles/minik')]);
  });

  it('reports a cluster that does not exist as missing, with exit bits for host, cluster and kubectl', async (t) => {
    const { run, terminal } = harness(t);
    assert.equal(await run('status', '-o', 'json'), 7);
    const status: unknown = JSON.parse(terminal.printed.out);
    assert.ok(typeof status === 'object' && status !== null && 'state' in status && 'profile' in status);
    assert.deepEqual([status.profile, status.state], ['minik', 'Missing']);
  });

  it('says of a stopped cluster whether kubectl is set to it', async (t) => {
    const { run, terminal } = harness(t);
    const profile = new Profile(minikHome(terminal), 'demo');
    profile.saveSettings(settings(profile));
    const credentials = { caPem: 'CA', certificatePem: 'CERT', keyPem: 'KEY' };
    profile.saveCredentials(credentials);
    assert.equal(await run('status', '-p', 'demo'), 1 + 2 + 4);
    await writeKubeconfigEntry(terminal, { profile: 'demo', apiUrl: 'https://127.0.0.1:6443', credentials, marks: profile.marks() });
    terminal.printed.out = '';
    assert.equal(await run('status', '-p', 'demo'), 1 + 2);
    assert.equal(
      terminal.printed.out,
      'demo\nhost: Stopped\ncluster: Stopped\nkubectl: Correctly configured: pointing to demo at https://127.0.0.1:6443\n',
    );
  });

  it('will not change what a cluster was made with', async (t) => {
    const { run, terminal } = harness(t);
    const profile = new Profile(minikHome(terminal), 'demo');
    profile.saveSettings(settings(profile));
    assert.equal(await run('start', '-p', 'demo', '--runtime', 'simulated'), 1);
    assert.match(terminal.printed.err, /was made with runtime docker, which cannot be changed to simulated/);
    assert.deepEqual(profile.settings(), settings(profile), 'nothing was changed');
  });

  it('leaves nothing of a server that died while starting, and shows its log', async (t) => {
    const { run, terminal } = harness(t);
    assert.equal(await run('start', '-p', 'demo'), 1);
    assert.match(terminal.printed.err, /the server ended while starting \(exit code 1\)/);
    assert.equal(new Profile(minikHome(terminal), 'demo').settings(), undefined);
  });

  it('deletes a stopped cluster: what the host has of it and its files', async (t) => {
    const { run, terminal, destroyed } = harness(t);
    const profile = new Profile(minikHome(terminal), 'demo');
    profile.saveSettings(settings(profile));
    assert.equal(await run('delete', '-p', 'demo'), 0);
    assert.deepEqual(destroyed, ['demo']);
    assert.equal(profile.settings(), undefined);
    assert.equal(await run('delete', '-p', 'demo'), 1);
    assert.match(terminal.printed.err, /there is no profile "demo"/);
  });

  it('deletes nothing when the engine that has the containers cannot be reached, unless it is forced to', async (t) => {
    const { run, terminal, destroyed } = harness(t);
    const profile = new Profile(minikHome(terminal), 'demo');
    profile.saveSettings({ ...settings(profile), engine: { host: 'unix:///a.sock', id: 'gone' } });
    assert.equal(await run('delete', '-p', 'demo'), 1);
    assert.match(terminal.printed.err, /no Docker daemon answers/);
    assert.deepEqual(destroyed, []);
    assert.notEqual(profile.settings(), undefined);
    assert.equal(await run('delete', '-p', 'demo', '--force'), 0);
    assert.match(terminal.printed.err, /not everything is removed: no Docker daemon answers/);
    assert.equal(profile.settings(), undefined);
  });

  it('deletes the clusters that it can when one cannot be deleted', async (t) => {
    const { run, terminal, destroyed } = harness(t);
    for (const [name, id] of [
      ['a', 'gone'],
      ['b', 'here'],
    ] as const) {
      const profile = new Profile(minikHome(terminal), name);
      profile.saveSettings({ ...settings(profile), engine: { host: 'unix:///a.sock', id } });
    }
    assert.equal(await run('delete', '--all', '-o', 'json'), 1);
    assert.deepEqual(destroyed, ['b']);
    assert.deepEqual(JSON.parse(terminal.printed.out), { deleted: ['b'] });
  });

  it('deletes a profile whose files are damaged when it is forced to', async (t) => {
    const { run, terminal } = harness(t);
    const profile = new Profile(minikHome(terminal), 'demo');
    profile.saveSettings(settings(profile));
    writeFileSync(join(profile.folder, 'settings.json'), '{');
    assert.equal(await run('delete', '-p', 'demo'), 1);
    assert.match(terminal.printed.err, /minik delete --force -p demo/);
    assert.equal(await run('delete', '--force', '-p', 'demo'), 0);
    assert.equal(existsSync(profile.folder), false);
  });

  it('deletes all clusters when told so', async (t) => {
    const { run, terminal, destroyed } = harness(t);
    for (const name of ['a', 'b']) {
      const profile = new Profile(minikHome(terminal), name);
      profile.saveSettings(settings(profile));
    }
    assert.equal(await run('delete', '--all', '-o', 'json'), 0);
    assert.deepEqual(destroyed, ['a', 'b']);
    assert.equal(terminal.printed.out, '{\n  "deleted": [\n    "a",\n    "b"\n  ]\n}\n');
  });

  it('says that a profile without a log has none', async (t) => {
    const { run, terminal } = harness(t);
    assert.equal(await run('logs', '-p', 'demo'), 1);
    assert.match(terminal.printed.err, /profile "demo" has no log/);
  });
});
