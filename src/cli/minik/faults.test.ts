import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { HttpTransport } from '../../client/http-transport.ts';
import { parseFile, resolveContext } from '../../client/kubeconfig.ts';
import { silentLogger } from '../../client/logger.ts';
import { Cluster } from '../../library/index.ts';
import type { ClusterSettings } from '../cluster-port.ts';
import { fakeTerminal } from '../testing/fake-terminal.ts';
import { runMinik } from './cli.ts';
import { processStartOf } from './process-identity.ts';
import { minikHome, Profile } from './profile.ts';
import { collectArtifacts } from './run/artifacts.ts';
import { ClusterView } from './run/cluster-view.ts';

/** The command line, and a cluster in this process that it takes for that of its profile. */
async function harness(t: TestContext) {
  const terminal = fakeTerminal(t);
  const cluster = await Cluster.start();
  t.after(() => cluster.stop());
  const { config } = resolveContext(parseFile('kubeconfig', await cluster.kubeconfig()));
  const { server, certificateAuthority = '', clientCertificate = '', clientKey = '' } = config;
  const profile = new Profile(minikHome(terminal), 'minik');
  const { pid } = process;
  const settings: ClusterSettings = {
    ...{ profile: 'minik', folder: profile.folder, runtime: 'simulated', nodes: [{ index: 0 }], clusterId: 'x', apiPort: 6443 },
    ...{ serviceCidr: '10.96.0.0/20', podCidr: '10.244.0.0/20' },
  };
  profile.saveSettings(settings);
  profile.saveServer({ pid, processStart: processStartOf(pid) ?? '', apiUrl: server, startedAt: '', version: '1' });
  const credentials = { caPem: certificateAuthority, certificatePem: clientCertificate, keyPem: clientKey };
  profile.saveCredentials(credentials);
  const run = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
    const before = { ...terminal.printed };
    const code = await runMinik(args, {
      terminal,
      loadClusterHost: () => Promise.reject(new Error('not in this test')),
      openLog: () => silentLogger,
      selfCommand: [],
      version: '1.2.3',
      kubernetesVersion: 'v1.36.0',
      interruption: () => new AbortController().signal,
      signals: () => ({ listen: () => () => undefined }),
      kubectl: async () => 0,
    });
    return { code, out: terminal.printed.out.slice(before.out.length), err: terminal.printed.err.slice(before.err.length) };
  };
  const transport = new HttpTransport({ ...config, userAgent: 'operator' });
  t.after(() => transport.close());
  return { cluster, run, transport, home: terminal.home, view: () => new ClusterView(server, credentials) };
}

const path = '/api/v1/namespaces/default/configmaps';

describe('minik faults', () => {
  it('adds, lists and removes', async (t) => {
    const { run, transport } = await harness(t);
    assert.equal((await run('faults')).err, 'There are no faults.\n');
    const added = await run('faults', 'add', '503', '--verb', 'list', 'get', '--resource', 'cm,pods', '--share', '100%', '--times', '2');
    assert.deepEqual(added, {
      code: 0,
      out: [
        'NAME            FAULT         STRUCK   STATE    STRIKES',
        'unavailable-1   unavailable   0/0      active   list,get configmaps,pods: 100%, at most 2',
        '',
      ].join('\n'),
      err: '',
    });
    await assert.rejects(transport.json({ method: 'GET', path }), /apiserver is shutting down/);
    await run('faults', 'add', 'delay', '--delay', '1ms..2ms', '-n', 'team', '--user', 'jane', '--late', '--name', 'slow', '--seed', '7');
    const { out } = await run('faults', 'list');
    assert.match(out, /^unavailable-1 +unavailable +1\/1 +active +/m);
    assert.match(out, /^slow +delay +0\/0 +active +requests in team by jane: 1ms\.\.2ms, late$/m);
    const { rules, injections } = JSON.parse((await run('faults', 'list', '-o', 'json')).out);
    assert.deepEqual(rules[1], {
      ...{ fault: 'delay', delay: '1ms..2ms', namespaces: ['team'], users: ['jane'], late: true, name: 'slow', seed: 7 },
      ...{ state: 'active', selected: 0, struck: 0 },
    });
    assert.equal(injections[0].what, 'list configmaps default by kubernetes-admin');
    const crash = await run(
      'faults',
      'add',
      'crash',
      '--image',
      'nginx,httpd',
      '-l',
      'app=web',
      '--node',
      'a',
      'b',
      '--exit-code',
      '7',
      '-n',
      'no',
    );
    assert.match(crash.out, /^crash-1 +crash +0\/0 +active +containers of image nginx,httpd of pods app=web in no on a,b: code 7$/m);
    await run('faults', 'remove', 'crash-1');
    const silence = await run('faults', 'add', 'node-silence', '--share', '50%', '--for', '1ms', '--node', 'none');
    assert.match(silence.out, /^node-silence-1 +node-silence +0\/0 +active +node none: 50%, for 1ms$/m);
    await run('faults', 'remove', 'node-silence-1');
    assert.equal((await run('faults', 'remove', 'slow')).out, 'Removed slow, which struck 0 of 0.\n');
    assert.equal((await run('faults', 'remove', '--all')).out, 'Removed unavailable-1, which struck 1 of 1.\n');
    assert.deepEqual(await run('faults', 'remove', '--all'), { code: 0, out: '', err: 'There are no faults.\n' });
  });

  it('refuses what is wrong in the words of its flags, most of it without asking the server', async (t) => {
    const { run } = await harness(t);
    for (const [args, code, message] of [
      [['add'], 64, /takes a fault, such as conflict, 429 or crash/],
      [['add', 'conflcit'], 64, /^minik: FAULT must be one of delay, conflict, .*not "conflcit"\n {2}Did you mean conflict\?/],
      [['add', 'conflict', '--events', '3'], 64, /^minik: --events is nothing that conflict takes: --verb, .*--name\n/],
      [['add', '429', '--retry-after', 'soon'], 64, /^minik: --retry-after must be a whole number, not "soon"/],
      [['add', 'conflict', '--verb', 'get'], 64, /^minik: --verb: "get" is none that conflict can strike: update, patch/],
      [['add', 'crash', '--verb', 'get'], 64, /^minik: --verb is nothing that crash takes: .*--image, --selector, .*--exit-code\n/],
      [['add', 'crash', '-l', '=='], 64, /^minik: --selector must be a label selector/],
      [['add', '500', '--share', '0%'], 64, /^minik: --share must be more than 0%/],
      [['add', 'watch-close', '--user-agent', 'a,b', '--after', 'x'], 64, /^minik: --after must be a length of time/],
      [['add', '500', '--resource', 'foo'], 1, /^minik: --resource: the cluster serves no "foo"/],
      [['remove'], 64, /takes the name of a fault, or --all/],
      [['remove', 'a', '--all'], 64, /takes "a" or --all, not both/],
      [['remove', ''], 64, /the name of a fault cannot be empty\n {2}To remove every fault: minik faults remove --all/],
      [['remove', 'a'], 1, /^minik: there is no fault "a"; there are none/],
      [['show'], 64, /takes one of add, list, remove/],
    ] as const) {
      const outcome = await run('faults', ...args);
      assert.equal(outcome.code, code, args.join(' '));
      assert.match(outcome.err, message);
    }
  });

  it('are among the artifacts of a run, and do not strike what collects these', async (t) => {
    const { run, transport, view, home } = await harness(t);
    const record = {
      ...{ command: ['true'], exitCode: 0, profile: 'minik', runtime: 'simulated', startedAt: '', endedAt: '', minik: '', kubernetes: '' },
    };
    const collect = async (folder: string): Promise<void> => {
      const open = view();
      const kubectl = async () => ({ code: 0, out: '', err: '' });
      await collectArtifacts(folder, { record, view: open, kubectl, serverLog: '', auditLog: undefined, stays: false });
      open.close();
    };
    await collect(join(home, 'without'));
    assert.ok(!existsSync(join(home, 'without', 'faults.txt')));
    await run('faults', 'add', '500', '--name', 'flaky');
    await assert.rejects(transport.json({ method: 'GET', path }));
    await collect(join(home, 'with'));
    const text = readFileSync(join(home, 'with', 'faults.txt'), 'utf8');
    assert.match(text, /^flaky +internal-error +1\/1 +active +requests$/m);
    assert.match(text, /^\S+Z flaky internal-error: list configmaps default by kubernetes-admin$/m);
    assert.ok(!existsSync(join(home, 'with', 'problems.txt')));
    await transport.json({ method: 'GET', path });
  });
});
