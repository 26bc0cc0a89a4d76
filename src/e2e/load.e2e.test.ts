/**
 * A hundred pods on one node, and large transfers through exec and cp, whose memory does not grow with what they carry.
 * `MINIK_PODS` (default 100) and `MINIK_TRANSFER_MIB` (default 256) say how many and how much.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster } from './support/cluster.ts';
import { eventually } from './support/shell.ts';

const pods = Number(process.env.MINIK_PODS || 100);
const mib = Number(process.env.MINIK_TRANSFER_MIB || 256);
/** What a transfer may need beside what the server has already: buffers of streams, and what a collector leaves. */
const growthMib = 96;
const cluster = new E2eCluster({ name: 'e2e-load' });
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);

before(() => cluster.start());
after(() => cluster.delete());

const deployment = (name: string, replicas: number): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'main', image: 'busybox:1.36', command: ['sh', '-c', "trap 'exit 0' TERM; sleep 1000000 & wait"] }],
      },
    },
  },
});
const create = (object: object): Promise<string> =>
  cluster.kubectl('kubectl', ['create', '-f', '-'], { stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [object] }) });

describe('large transfers', () => {
  /** How much the server's memory grows, at most, while something is done, in MiB. */
  async function growth(task: () => Promise<void>): Promise<number> {
    const { pid } = await cluster.facts();
    const peak = (): number => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
    writeFileSync(`/proc/${pid}/clear_refs`, '5'); // forgets the peak so far
    const before = peak();
    await task();
    return peak() - before;
  }

  /** Runs a shell command line in which `$kubectl` is the program. */
  const shell = (line: string): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> =>
    new Promise((resolve, reject) => {
      const [program = ''] = cluster.command('kubectl', []);
      const child = spawn('sh', ['-c', line], { env: { ...process.env, ...cluster.env, kubectl: program } });
      const text = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk));
      child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk));
      child.on('error', reject).on('close', (code) => resolve({ code, ...text }));
    });

  before(async () => {
    await create(deployment('files', 1));
    await cluster.podsReady('app=files', 1);
  });

  it('come out of exec whole', async () => {
    const grown = await growth(async () => {
      const { stdout, stderr } = await shell(`"$kubectl" exec deploy/files -- dd if=/dev/zero bs=1M count=${mib} status=none | wc -c`);
      assert.equal(Number(stdout), mib * 1024 ** 2, stderr);
    });
    assert.ok(grown < growthMib, `the server grew by ${grown} MiB`);
  });

  it('go into exec whole', async () => {
    const grown = await growth(async () => {
      const { stdout, stderr } = await shell(`head -c ${mib}M /dev/zero | "$kubectl" exec -i deploy/files -- wc -c`);
      assert.equal(Number(stdout), mib * 1024 ** 2, stderr);
    });
    assert.ok(grown < growthMib, `the server grew by ${grown} MiB`);
  });

  it('are copied by cp there and back', async () => {
    const pod = (await kubectl('get', 'pods', '-l', 'app=files', '-o', 'name')).trim().replace('pod/', '');
    const [sent, back] = [join(cluster.home, 'sent'), join(cluster.home, 'back')];
    await shell(`head -c ${mib}M /dev/urandom > "${sent}"`);
    const grown = await growth(async () => {
      await kubectl('cp', sent, `${pod}:/tmp/content`);
      await kubectl('cp', `${pod}:/tmp/content`, back);
    });
    assert.equal(statSync(back).size, mib * 1024 ** 2);
    assert.equal((await shell(`cmp "${sent}" "${back}"`)).code, 0);
    assert.ok(grown < growthMib, `the server grew by ${grown} MiB`);
  });

  it('wait for a client that does not read, which costs no memory', async () => {
    const grown = await growth(async () => {
      const [program = '', ...args] = cluster.command('kubectl', [
        'exec',
        'deploy/files',
        '--',
        'sh',
        '-c',
        'exec dd if=/dev/zero bs=1M of=/dev/stdout',
      ]);
      const child = spawn(program, args, { env: { ...process.env, ...cluster.env }, stdio: ['ignore', 'pipe', 'ignore'] });
      child.stdout.once('readable', () => undefined); // is never read
      const closed = new Promise((resolve) => child.on('close', resolve));
      const written = async (): Promise<string> => {
        const { stdout } = await shell(`"$kubectl" exec deploy/files -- sh -c 'grep wchar /proc/$(pidof dd)/io'`);
        assert.match(stdout, /wchar: [1-9]/);
        return stdout;
      };
      // Nothing more is taken from the container once all buffers on the way are full.
      await eventually(async () => {
        const first = await written();
        assert.equal(await written(), first);
      });
      child.kill();
      await closed;
    });
    assert.ok(grown < growthMib, `the server grew by ${grown} MiB`);
  });
});

describe('a node with many pods', () => {
  it('runs them all, each once, and ends them all', async () => {
    await create(deployment('many', pods));
    await cluster.podsReady('app=many', pods, 240_000);
    const running = await cluster.containers('status=running', 'name=^k8s_main_many-');
    assert.equal(new Set(running).size, pods);
    const ips = (await kubectl('get', 'pods', '-l', 'app=many', '-o', 'jsonpath={.items[*].status.podIP}')).split(' ');
    assert.equal(new Set(ips).size, pods);
    const counts = await kubectl('get', 'pods', '-l', 'app=many', '-o', 'jsonpath={.items[*].status.containerStatuses[0].restartCount}');
    assert.deepEqual([...new Set(counts.split(' '))], ['0']);
    await kubectl('delete', 'deployment', 'many', '--cascade=foreground', '--timeout=240s');
    await eventually(async () => assert.deepEqual(await cluster.containers('name=_many-'), []), 120_000);
  });
});
