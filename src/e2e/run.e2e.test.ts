/** `minik run`: a cluster for one command, of which nothing is left, however the run ends. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessIdentity } from '../cli/minik/profile.ts';
import { type ClusterFacts, executable } from './support/cluster.ts';
import { traces } from './support/machine.ts';
import { eventually, type Outcome, ok, run } from './support/shell.ts';

const minutes = 60_000;

/** What is under way, seen from outside: its cluster, and how it ends. */
interface Going {
  readonly child: ChildProcessWithoutNullStreams;
  readonly facts: ClusterFacts;
  readonly ended: Promise<number>;
}

describe('minik run', () => {
  let base = '';
  let env: Readonly<Record<string, string | undefined>> = {};

  before(() => {
    base = mkdtempSync(join(tmpdir(), 'minik-e2e-run-'));
    // No kubeconfig is there, and none may be made.
    env = {
      ...process.env,
      HOME: base,
      MINIK_HOME: join(base, 'minik'),
      KUBECONFIG: undefined,
      MINIK_PROFILE: undefined,
      MINIK: executable,
    };
  });
  after(() => rmSync(base, { recursive: true, force: true }));

  const minik = (args: readonly string[], extra: Readonly<Record<string, string>> = {}): Promise<Outcome> =>
    run([executable, ...args], { env: { ...env, ...extra }, timeoutMs: 5 * minutes });

  /** What is in minik's home: profiles and marks of runs. */
  const left = (): readonly string[] =>
    ['profiles', 'runs'].flatMap((folder) => {
      const path = join(base, 'minik', folder);
      return existsSync(path) ? readdirSync(path).map((name) => `${folder}/${name}`) : [];
    });

  /** Starts a run whose command runs a small suite, tells of its cluster, and goes on until its input ends. */
  async function going(runtime: string, suite: string): Promise<Going> {
    // Amid fifty others a server may answer later than "status" waits; its exit code would say so.
    const script = `set -e; ${suite}; "$MINIK" status -o json || true; cat "$(dirname "$KUBECONFIG")/settings.json"; echo; echo told; cat`;
    const child = spawn(executable, ['run', '-q', '--runtime', runtime, '--', 'sh', '-c', script], { env });
    let [out, err] = ['', ''];
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString('utf8');
    });
    child.stdin.on('error', () => undefined); // the command may be killed
    const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
    const told = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString('utf8');
        if (out.includes('\ntold\n')) resolve();
      });
    });
    const early = await Promise.race([ended, told]);
    assert.equal(early, undefined, `a run ended with ${early}: ${out}${err}`);
    const [status = '', settings = ''] = out.split(/(?<=\n\})\n/);
    return { child, facts: { ...JSON.parse(status.slice(status.indexOf('{'))), ...JSON.parse(settings) }, ended };
  }

  /** Kills a process, or of a negative number a process group; what has ended meanwhile needs no killing. */
  const kill = (pid: number | undefined): void => {
    if (pid === undefined) return;
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };

  /** The ways in which a run may end, and the exit codes that are right then (-1: it was killed). */
  const ends: Readonly<Record<string, { readonly code: number; end(run: Going): void }>> = {
    'its command ends': { code: 0, end: ({ child }) => void child.stdin.end() },
    'it gets SIGTERM': { code: 143, end: ({ child }) => void child.kill('SIGTERM') },
    'it is killed': { code: -1, end: ({ child }) => kill(child.pid) },
    'its server is killed': {
      code: 0,
      end: ({ child, facts }) => {
        kill(facts.pid);
        child.stdin.end();
      },
    },
    'its server and the guard are killed': {
      code: 0,
      end: ({ child, facts }) => {
        kill(facts.guardPid);
        kill(facts.pid);
        child.stdin.end();
      },
    },
    'it and its server are killed': {
      code: -1,
      end: ({ child, facts }) => {
        kill(child.pid);
        kill(facts.pid);
      },
    },
    'all of it is killed': {
      code: -1,
      end: ({ child, facts }) => {
        kill(child.pid);
        kill(facts.guardPid);
        kill(facts.pid);
      },
    },
  };

  async function manyAtOnce(count: number, runtime: string, suite: string): Promise<readonly Going[]> {
    const begun = await Promise.allSettled(Array.from({ length: count }, () => going(runtime, suite)));
    const all = begun.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const failed = begun.find((each) => each.status === 'rejected');
    if (failed !== undefined) {
      // Otherwise the others would wait for their input for ever, and the test for them.
      for (const { child } of all) child.stdin.end();
      await Promise.all(all.map(({ ended }) => ended));
      throw failed.reason;
    }
    const of = (pick: (facts: ClusterFacts) => string): number => new Set(all.map(({ facts }) => pick(facts))).size;
    assert.deepEqual(
      [of(({ folder }) => folder), of(({ serviceCidr }) => serviceCidr), of(({ podCidr }) => podCidr)],
      [count, count, count],
    );
    const ways = Object.keys(ends).sort(() => Math.random() - 0.5);
    await Promise.all(
      all.map(async (each, index) => {
        const way = ways[index % ways.length] ?? '';
        ends[way]?.end(each);
        const code = await each.ended.finally(() => each.child.stdin.end());
        assert.equal(code, ends[way]?.code, way);
      }),
    );
    const swept = await minik(['delete', '--ephemeral']);
    assert.equal(swept.code, 0, swept.stderr);
    // Servers whose run was killed remove their clusters by themselves; they may still be at it.
    await eventually(() => assert.deepEqual(left(), []), 2 * minutes);
    return all;
  }

  it('leaves nothing of ten at once with Docker, each with a suite of its own, whatever of them is killed', async () => {
    const suite = [
      'kubectl create deployment web --image=busybox:1.36 -- sleep 1000000',
      'kubectl rollout status deployment/web --timeout=240s',
      'test "$(kubectl exec deployment/web -- echo hello)" = hello',
    ].join('; ');
    const all = await manyAtOnce(10, 'docker', suite);
    for (const { facts } of all) await eventually(async () => assert.deepEqual(await traces(facts), []));
  });

  it('leaves nothing of fifty at once with the simulated runtime', async () => {
    await manyAtOnce(50, 'simulated', '"$MINIK" kubectl create configmap mine --from-literal=a=b; "$MINIK" kubectl get configmap mine');
  });

  it('gives the command its streams, its exit code and its cluster, and nobody else a kubeconfig', async () => {
    const script = 'cat; kubectl get nodes -o name; echo problem >&2; exit 7';
    const outcome = await run([executable, 'run', '--runtime', 'simulated', '--nodes', '2', '-q', '--', 'sh', '-c', script], {
      env,
      stdin: 'typed\n',
    });
    assert.match(outcome.stdout, /^typed\nnode\/(run-[0-9a-f]{10})\nnode\/\1-m02\n$/);
    assert.equal(outcome.stderr, 'problem\n');
    assert.equal(outcome.code, 7);
    assert.deepEqual([left(), existsSync(join(base, '.kube'))], [[], false]);
  });

  /** The daemon's networks whose names begin like those of runs, or like this. */
  const networks = async (start = 'minik-run-'): Promise<readonly string[]> =>
    (await ok(['docker', 'network', 'ls', '--format', '{{.Name}}', '--filter', `name=${start}`])).split('\n').filter((name) => name !== '');

  /** A run whose start has got so far that its cluster's folder is there; its command goes on until it is killed. */
  async function starting() {
    const known = new Set(left());
    const child = spawn(executable, ['run', '--', 'cat'], { env, stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin.on('error', () => undefined); // the command may be killed
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const profile = await eventually(() => {
      const made = left().find((name) => name.startsWith('profiles/') && !known.has(name));
      assert.ok(made !== undefined);
      return made;
    });
    return { child, ended, folder: join(base, 'minik', profile) };
  }

  it('undoes a start that is interrupted, whenever that is', async () => {
    const known = await networks();
    for (const laterMs of [0, 100, 300, 600]) {
      const { child, ended } = await starting();
      await delay(laterMs);
      child.kill('SIGINT');
      assert.equal(await ended, 130);
      assert.deepEqual(left(), []);
    }
    assert.deepEqual(await networks(), known);
  });

  it('leaves nothing of a start that fails while its network is being made', async () => {
    const profile = join(base, 'minik', 'profiles', 'broken');
    mkdirSync(join(profile, 'cluster.db'), { recursive: true });
    const { code, stderr } = await minik(['start', '-p', 'broken'], { KUBECONFIG: join(base, 'kubeconfig') });
    assert.equal(code, 1, stderr);
    assert.deepEqual([existsSync(profile), await networks('minik-broken-')], [false, []]);
  });

  it('leaves nothing of starts that are killed, whenever that is', async () => {
    const known = await networks();
    for (const laterMs of [0, 200, 400, 600, 800]) {
      const { child, ended, folder } = await starting();
      const guard = (): number => (JSON.parse(readFileSync(join(folder, 'guard.json'), 'utf8')) as ProcessIdentity).pid;
      const pid = await eventually(guard);
      await delay(laterMs);
      kill(child.pid);
      // The guard is a process group's first; its server is in it.
      kill(-pid);
      await ended;
      child.stdin.end();
    }
    assert.equal((await minik(['delete', '--ephemeral'])).code, 0);
    assert.deepEqual([left(), await networks()], [[], known]);
  });

  it('applies manifests in whatever order they need, and waits until all is ready', async () => {
    const file = join(base, 'shop.yaml');
    const object = (apiVersion: string, kind: string, name: string, rest: object = {}, namespace?: string): string =>
      JSON.stringify({ apiVersion, kind, metadata: { name, namespace }, ...rest });
    const schema = { openAPIV3Schema: { type: 'object' } };
    const definition = {
      spec: {
        group: 'example.com',
        names: { kind: 'Thing', plural: 'things' },
        scope: 'Namespaced',
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    };
    const pod = { spec: { containers: [{ name: 'c', image: 'app:1' }] } };
    writeFileSync(
      file,
      [
        object('example.com/v1', 'Thing', 'one', {}, 'shop'),
        object('v1', 'Pod', 'web', pod, 'shop'),
        object('v1', 'Namespace', 'shop'),
        object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'things.example.com', definition),
      ].join('\n---\n'),
    );
    const show = ['kubectl', 'get', '-n', 'shop', 'pod/web', 'thing/one', '-o', 'name'];
    const outcome = await minik(['run', '--runtime', 'simulated', '--manifests', file, '--', ...show]);
    assert.deepEqual([outcome.code, outcome.stdout], [0, 'pod/web\nthing.example.com/one\n'], outcome.stderr);
  });

  it('says why manifests do not become ready, the cause last, and does not start the command', async () => {
    const file = join(base, 'bad.yaml');
    const containers = [{ name: 'c', image: 'app:1' }];
    writeFileSync(
      file,
      JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { nodeSelector: { disk: 'fast' }, containers } }),
    );
    const args = ['run', '--runtime', 'simulated', '--timeout', '10s', '--manifests', file, '--', 'echo', 'started'];
    const { code, stdout, stderr } = await minik(args, { GITHUB_ACTIONS: 'true' });
    assert.deepEqual([code, stdout], [125, '']);
    assert.match(stderr, /::group::minik: what is not ready\n {2}pod default\/p: Unschedulable: 0\/1 nodes are available/);
    assert.match(
      stderr.trimEnd().split('\n').at(-1) ?? '',
      /^minik: the manifests are not ready after 10 s: pod default\/p: Unschedulable/,
    );
    assert.deepEqual(left(), []);
  });

  it('collects what a log lacks when the command fails: deleted pods too, and no secrets', async () => {
    const artifacts = join(base, 'artifacts');
    const suite = [
      'kubectl run gone --image=busybox:1.36 --restart=Never -- echo last words',
      "kubectl wait --for=jsonpath='{.status.phase}'=Succeeded pod/gone --timeout=120s",
      'kubectl delete pod gone',
      'kubectl create secret generic s --from-literal=password=hunter2',
      'kubectl run crash --image=busybox:1.36 -- sh -c "echo again; exit 3"',
      "kubectl wait --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 pod/crash --timeout=120s",
      "kubectl wait --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=CrashLoopBackOff pod/crash --timeout=120s",
      'exit 5',
    ].join('; ');
    const args = ['run', '--artifacts', artifacts, '--artifacts-on', 'failure', '--', 'sh', '-c', suite];
    const outcome = await minik(args);
    assert.equal(outcome.code, 5, outcome.stderr);
    assert.match(outcome.stderr, /what was not ready when the command failed:\n {2}pod default\/crash: container crash: .*exit code 3/);
    assert.match(outcome.stderr, /minik: the command failed: exit code 5\n$/);
    const read = (path: string): string => readFileSync(join(artifacts, path), 'utf8');
    const logs = readdirSync(join(artifacts, 'logs'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.log'));
    const texts = logs
      .map((path) => `${path.replace(/_[0-9a-f-]{36}\//, '/')}: ${read(join('logs', path)).replaceAll(/^\S+ /gm, '')}`)
      // A slow machine leaves time for more attempts.
      .filter((text) => !/crash\/(?:[2-9]|\d\d+)\.log/.test(text))
      .sort();
    assert.deepEqual(texts, [
      'default_crash/crash/0.log: again\n',
      'default_crash/crash/1.log: again\n',
      'default_gone/gone/0.log: last words\n',
    ]);
    assert.deepEqual((JSON.parse(read('run.json')) as { readonly exitCode: number }).exitCode, 5);
    assert.match(read('events.txt'), /Normal Started pod default\/gone: .*[\s\S]*Warning BackOff pod default\/crash: /);
    assert.match(read('describe/default/pod-crash.txt'), /^Name: +crash\n/);
    assert.match(read('objects/default/secrets.yaml'), /password: \(7 bytes\)/);
    assert.match(read('audit.log'), /"verb":"delete".*"name":"gone"/);
    assert.doesNotMatch(read('audit.log') + read('objects/default/secrets.yaml'), /hunter2|aHVudGVyMg/);
    assert.match(read('server.log'), /The cluster is ready/);
    assert.match(read('metrics.txt'), /^apiserver_request_total/m);
    assert.equal(existsSync(join(artifacts, 'problems.txt')), false);
    // A run that succeeds takes them away again, and its folder.
    const good = await minik(['run', '--runtime', 'simulated', '--artifacts', artifacts, '--artifacts-on', 'failure', '--', 'true']);
    assert.deepEqual([good.code, existsSync(artifacts)], [0, false], good.stderr);
  });

  it('leaves the cluster when told so, and says how to reach and to delete it', async () => {
    const { code, stderr } = await minik(['run', '--runtime', 'simulated', '--keep', '--', 'false']);
    assert.equal(code, 1);
    const [, kubeconfig = '', profile = ''] = /export KUBECONFIG=(\S+) MINIK_PROFILE=(\S+)/.exec(stderr) ?? [];
    // A busy machine may answer later than "status" waits.
    const isThere = (why: string): Promise<void> =>
      eventually(async () => assert.equal((await minik(['status'], { KUBECONFIG: kubeconfig, MINIK_PROFILE: profile })).code, 0, why));
    try {
      await isThere('it stays');
      assert.equal((await minik(['delete', '--ephemeral'])).code, 0);
      await isThere('it is nobody’s to sweep');
    } finally {
      assert.equal((await minik(['delete', '-p', profile])).code, 0);
    }
    assert.deepEqual(left(), []);
  });

  it('needs nothing for simulated containers: no Docker, no root, no network, no file system but one folder', async () => {
    const mounts = ['/lib', '/lib64', '/usr'].filter((path) => existsSync(path)).flatMap((path) => ['-v', `${path}:${path}:ro`]);
    const inside = (tmpfs: string): Promise<Outcome> =>
      run(
        [
          ...['docker', 'run', '--rm', '--read-only', '--network=none', '--cap-drop=ALL', '--security-opt=no-new-privileges'],
          ...[
            '--user=12345:12345',
            `--tmpfs=/work:${tmpfs}uid=12345,mode=700`,
            '--env=HOME=/work',
            '-v',
            `${executable}:/minik:ro`,
            ...mounts,
          ],
          ...['busybox:1.36', '/minik', 'run', '--runtime', 'simulated', '--', '/minik', 'kubectl', 'get', 'nodes', '-o', 'name'],
        ],
        { timeoutMs: 5 * minutes },
      );
    const { code, stdout, stderr } = await inside('exec,');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^node\/run-/);
    // Docker's default, under which no library can be loaded.
    assert.match((await inside('')).stderr, /No program can be run in \/work\/.*noexec/);
  });
});
