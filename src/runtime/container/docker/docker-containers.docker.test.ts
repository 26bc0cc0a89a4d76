import assert from 'node:assert/strict';
import { mkdtemp, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { RuntimeError } from '../container-runtime.ts';
import { aContainer, aSandbox, PLAIN_SECURITY as PLAIN, untilLogged } from '../runtime-test-support.ts';
import { busyboxImage, docker, startDockerCluster, type TestCluster } from './docker-test-support.ts';

const FOREVER = ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait'];

describe('containers on Docker', { timeout: 240_000 }, () => {
  let cluster: TestCluster;
  let folder: string;
  before(async () => {
    cluster = await startDockerCluster('containers', 2);
    folder = await mkdtemp(join(tmpdir(), 'minik-runtime-'));
  });
  after(async () => {
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('names and labels sandboxes and containers as dockershim did', async () => {
    const { sandbox, id } = await cluster.launch(FOREVER, { attempt: 2 });
    const { name, namespace, uid, node } = sandbox.pod;
    const [names, labels] = docker('inspect', '--format', '{{.Name}} {{json .Config.Labels}}', id).split(/ (?={)/);
    assert.equal(names, `/k8s_main_${name}_${namespace}_${uid}_2`);
    const read = JSON.parse(labels ?? '');
    assert.equal(read['io.kubernetes.pod.name'], name);
    assert.equal(read['io.kubernetes.pod.namespace'], namespace);
    assert.equal(read['io.kubernetes.pod.uid'], uid);
    assert.equal(read['io.kubernetes.container.name'], 'main');
    assert.equal(read['io.kubernetes.docker.type'], 'container');
    assert.equal(read['io.kubernetes.sandbox.id'], sandbox.id);
    assert.equal(read['annotation.io.kubernetes.container.hash'], 'abc');
    assert.equal(read['io.minik.cluster'], 'runtime-test-containers');
    assert.equal(read['io.minik.node'], node);
    assert.equal(docker('inspect', '--format', '{{.Name}}', sandbox.id), `/k8s_POD_${name}_${namespace}_${uid}_0`);
  });

  it('takes over the name of a dead leftover, and leaves a stranger its own', async () => {
    const { sandbox, id: first } = await cluster.launch(['true']);
    await cluster.runtime.containers.stop(first, 1);
    const second = await cluster.runtime.containers.create(aContainer(sandbox, cluster.image, FOREVER));
    assert.notEqual(second, first);
    assert.equal(await cluster.runtime.containers.inspect(first), undefined);
    const { name, namespace, uid } = sandbox.pod;
    const stranger = docker('create', '--name', `k8s_other_${name}_${namespace}_${uid}_0`, cluster.image, 'true');
    try {
      const third = await cluster.runtime.containers.create(aContainer(sandbox, cluster.image, FOREVER, { name: 'other' }));
      assert.match(docker('inspect', '--format', '{{.Name}}', third), new RegExp(`^/k8s_other_${name}_${namespace}_${uid}_0_[0-9a-f]{8}$`));
      assert.equal((await cluster.runtime.containers.inspect(third))?.name, 'other');
    } finally {
      docker('rm', '-f', stranger);
    }
  });

  it('passes command, args, environment, working directory and user on', async () => {
    const { stdout } = await cluster.outcome(['sh', '-c', 'echo $0 $1 $COLOR $(pwd) $(id -u):$(id -g) $(id -G); hostname'], {
      args: ['first', 'second'],
      env: [{ name: 'COLOR', value: 'a=b c' }],
      workingDir: '/var',
      security: { ...PLAIN, runAsUser: 1001, runAsGroup: 1002, supplementalGroups: [1003] },
    });
    assert.match(stdout, /^first second a=b c \/var 1001:1002 1002 1003\npod-\d+\n$/);
  });

  it("mounts host paths, the kubelet's resolv.conf and hosts among them, and tmpfs", async () => {
    await writeFile(join(folder, 'resolv.conf'), 'nameserver 10.96.0.10\n');
    await writeFile(join(folder, 'hosts'), '127.0.0.1 localhost mine\n');
    await writeFile(join(folder, 'with:colon'), 'colon\n');
    const script =
      'cat /etc/resolv.conf /etc/hosts /data/colon; touch /etc/hosts 2>/dev/null || echo ro; mkdir /made/x && grep -c "tmpfs /scratch" /proc/mounts';
    const { stdout } = await cluster.outcome(['sh', '-c', script], {
      mounts: [
        { hostPath: join(folder, 'resolv.conf'), containerPath: '/etc/resolv.conf', readOnly: false },
        { hostPath: join(folder, 'hosts'), containerPath: '/etc/hosts', readOnly: true },
        { hostPath: join(folder, 'with:colon'), containerPath: '/data/colon', readOnly: true },
        { hostPath: join(folder, 'made'), containerPath: '/made', readOnly: false },
      ],
      tmpfs: { '/scratch': 'size=65536' },
    });
    assert.match(stdout, /^nameserver 10.96.0.10\n127.0.0.1 localhost mine\ncolon\nro\n1\n$/);
    assert.ok((await stat(join(folder, 'made', 'x'))).isDirectory());
  });

  it('sets cgroup limits, changes them, and reports an out-of-memory kill', async () => {
    const { id } = await cluster.launch(FOREVER, {
      resources: { cpuShares: 256, cpuQuotaUs: 50_000, cpuPeriodUs: 100_000, memoryBytes: 32 * 1024 ** 2, oomScoreAdj: 999 },
    });
    const limits = (): string =>
      docker(
        'inspect',
        '--format',
        '{{with .HostConfig}}{{.CpuShares}} {{.CpuQuota}} {{.CpuPeriod}} {{.Memory}} {{.MemorySwap}} {{.OomScoreAdj}}{{end}}',
        id,
      );
    assert.equal(limits(), '256 50000 100000 33554432 33554432 999');
    await cluster.runtime.containers.updateResources(id, { cpuShares: 512, memoryBytes: 64 * 1024 ** 2 });
    assert.equal(limits(), '512 50000 100000 67108864 67108864 999');
    const killed = await cluster.outcome(['sh', '-c', 'exec tail /dev/zero'], { resources: { memoryBytes: 16 * 1024 ** 2 } });
    assert.equal(killed.reason, 'OOMKilled');
    assert.equal(killed.exitCode, 137);
  });

  it("gives a process the groups that the image gives its user, as the pod's policy says", async (t) => {
    const image = `minik-test/accounts:${process.pid}`;
    const base = docker('create', busyboxImage, 'true');
    t.after(() => docker('rm', '-f', base));
    await writeFile(join(folder, 'passwd'), 'root:x:0:0::/:/bin/sh\napp:x:1000:1001::/:/bin/sh\n');
    await writeFile(join(folder, 'group'), 'root:x:0:\napp:x:1001:\nextra:x:50000:app\n');
    for (const name of ['passwd', 'group']) docker('cp', join(folder, name), `${base}:/etc/${name}`);
    docker('commit', base, image);
    t.after(() => docker('rmi', '-f', image));
    const groups = async (change: object) => {
      const security = { ...PLAIN, runAsUser: 1000, supplementalGroups: [60000], ...change };
      const { stdout } = await cluster.outcome(['sh', '-c', 'id -u; id -g; id -G'], { image, security });
      const [uid, gid, all = ''] = stdout.trim().split('\n');
      const known = await cluster.runtime.containers.userOf(docker('inspect', '--format', '{{.Id}}', image), security);
      const ids = all
        .split(' ')
        .map(Number)
        .toSorted((a, b) => a - b);
      assert.deepEqual(known, { uid: Number(uid), gid: Number(gid), supplementalGroups: ids }, 'is known as it is');
      return all;
    };
    assert.equal(await groups({}), '1001 50000 60000');
    assert.equal(await groups({ imageGroups: false }), '1001 60000');
    assert.equal(await groups({ runAsGroup: 3000 }), '3000 50000 60000');
    assert.equal(await groups({ imageGroups: false, runAsGroup: 3000 }), '3000 60000');
  });

  it('shows all of /proc when asked', async () => {
    const masked = ['sh', '-c', 'grep -c " /proc/" /proc/self/mountinfo'];
    assert.equal((await cluster.outcome(masked, { security: { ...PLAIN, unmaskedProc: true } })).stdout.trim(), '0');
    assert.notEqual((await cluster.outcome(masked, { security: PLAIN })).stdout.trim(), '0');
  });

  it('starts a container whose OOM score is to be low, wherever the daemon may set it or not', async () => {
    const { exitCode, stdout } = await cluster.outcome(['cat', '/proc/self/oom_score_adj'], { resources: { oomScoreAdj: -997, pids: 64 } });
    assert.equal(exitCode, 0);
    assert.match(stdout, /^(-997|0)$/m);
  });

  it('confines: capabilities, privileges, seccomp, read-only root', async () => {
    const { stdout, stderr } = await cluster.outcome(['sh', '-c', 'touch /x; grep -E "^(NoNewPrivs|CapEff|Seccomp):" /proc/self/status'], {
      security: {
        ...PLAIN,
        readOnlyRootFilesystem: true,
        noNewPrivileges: true,
        dropCapabilities: ['ALL'],
        addCapabilities: ['NET_BIND_SERVICE'],
      },
    });
    assert.match(stderr, /Read-only file system/);
    assert.match(stdout, /CapEff:\s+0000000000000400\nNoNewPrivs:\s+1\nSeccomp:\s+2\n/);
    const free = await cluster.outcome(['grep', '^Seccomp:', '/proc/self/status'], {
      security: { ...PLAIN, seccompProfile: 'unconfined' },
    });
    assert.match(free.stdout, /^Seccomp:\s+0/);
    const profile = join(folder, 'profile.json');
    await writeFile(
      profile,
      JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }] }),
    );
    const own = await cluster.outcome(['mkdir', '/tmp/x'], { security: { ...PLAIN, seccompProfile: `localhost/${profile}` } });
    assert.match(own.stderr, /Operation not permitted/);
    const sandbox = await cluster.runtime.sandboxes.run(aSandbox());
    const missing = aContainer(sandbox, cluster.image, FOREVER, { security: { ...PLAIN, seccompProfile: 'localhost//absent.json' } });
    await assert.rejects(cluster.runtime.containers.create(missing), { name: 'RuntimeError', message: /cannot load seccomp profile/ });
  });

  it('shares network and IPC in a pod always, processes when asked, and reaps orphans', async () => {
    const { sandbox, id } = await cluster.launch(FOREVER, { pidMode: 'pod' });
    const { id: other } = await cluster.launch(FOREVER, { name: 'other', pidMode: 'pod' }, sandbox);
    const namespaces = (container: string): Promise<string> =>
      cluster.run(container, ['sh', '-c', 'for each in net ipc pid; do readlink /proc/self/ns/$each; done']);
    assert.equal(await namespaces(id), await namespaces(other));
    assert.match(await cluster.run(id, ['cat', '/proc/1/cmdline']), /^\/pause/);
    const orphan =
      '(sh -c "sleep 0.05 & exit"); sleep 0.2; for i in $(seq 100); do ps -o stat | grep -q Z || exit 0; sleep 0.1; done; exit 1';
    await cluster.run(id, ['sh', '-c', orphan]);
    const { id: debug } = await cluster.launch(FOREVER, { name: 'debug', pidMode: { target: id } }, sandbox);
    assert.match(await cluster.run(debug, ['cat', '/proc/1/cmdline']), /^\/pause/);
  });

  it("shares the host's namespaces when asked", async () => {
    const own = await Promise.all(['net', 'ipc', 'pid'].map((each) => readlink(`/proc/self/ns/${each}`)));
    const { id } = await cluster.launch(
      FOREVER,
      { pidMode: 'host', hostNetwork: true },
      { hostNetwork: true, hostPid: true, hostIpc: true },
    );
    const script = 'for each in net ipc pid; do readlink /proc/self/ns/$each; done';
    assert.deepEqual((await cluster.run(id, ['sh', '-c', script])).trim().split('\n'), own);
  });

  it('stops a container by the signal of its image', async () => {
    const image = 'minik-test/stop-signal:1';
    const made = docker('create', '--stop-signal', 'SIGUSR1', busyboxImage);
    try {
      docker('commit', made, image);
      assert.equal((await cluster.runtime.images.inspect(image))?.stopSignal, 'SIGUSR1');
      const command = ['sh', '-c', 'trap "exit 7" USR1; echo ready; sleep 3600 & wait'];
      const { id } = await cluster.launch(command, { image });
      await untilLogged(cluster.runtime, id, 'ready');
      await cluster.runtime.containers.stop(id, 10);
      assert.equal((await cluster.runtime.containers.inspect(id))?.exitCode, 7);
      await cluster.runtime.containers.remove(id);
    } finally {
      docker('rm', made);
      docker('rmi', image);
    }
  });

  it('shows a program that may not be executed as a failed start', async () => {
    const sandbox = await cluster.runtime.sandboxes.run(aSandbox());
    const id = await cluster.runtime.containers.create(aContainer(sandbox, cluster.image, ['/etc/passwd']));
    await assert.rejects(cluster.runtime.containers.start(id), { code: 'StartFailed', message: /permission denied/ });
    const failed = await cluster.runtime.containers.inspect(id);
    assert.equal(failed?.exitCode, 128);
    assert.equal(failed?.reason, 'StartError');
  });

  it('starts a privileged container, or shows why this host does not', async (t) => {
    const sandbox = await cluster.runtime.sandboxes.run(aSandbox());
    const security = { ...PLAIN, privileged: true };
    const id = await cluster.runtime.containers.create(
      aContainer(sandbox, cluster.image, FOREVER, { security, resources: { oomScoreAdj: -100 } }),
    );
    try {
      await cluster.runtime.containers.start(id);
    } catch (error) {
      assert.ok(error instanceof RuntimeError);
      assert.equal(error.code, 'StartFailed');
      const failed = await cluster.runtime.containers.inspect(id);
      assert.equal(failed?.reason, 'StartError');
      assert.equal(failed?.message, error.message);
      t.diagnostic(`this host refuses privileged containers or negative oom_score_adj: ${error.message}`);
      return;
    }
    assert.match(await cluster.run(id, ['grep', 'Seccomp:', '/proc/1/status']), /Seccomp:\s+0/);
  });

  it('runs a pod by the runtime that its class names, and refuses what the daemon does not have', async () => {
    const { id } = await cluster.launch(FOREVER, {}, { runtimeHandler: 'runc' });
    assert.match(await cluster.run(id, ['cat', '/proc/1/cmdline']), /sleep/);
    await assert.rejects(cluster.runtime.sandboxes.run(aSandbox({ runtimeHandler: 'absent' })), {
      code: 'Other',
      message: 'rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for "absent" is configured',
    });
    const message = "can't set `spec.hostUsers: false`, runtime does not support user namespaces";
    await assert.rejects(cluster.runtime.sandboxes.run(aSandbox({ hostUsers: false })), { code: 'Other', message });
  });

  it('surfaces what the engine refuses at create', async () => {
    const sandbox = await cluster.runtime.sandboxes.run(aSandbox());
    const tiny = aContainer(sandbox, cluster.image, FOREVER, { resources: { memoryBytes: 4096 } });
    await assert.rejects(cluster.runtime.containers.create(tiny), {
      name: 'RuntimeError',
      code: 'Other',
      message: /[Mm]inimum memory limit/,
    });
  });
});
