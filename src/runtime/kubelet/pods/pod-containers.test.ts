import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { configMap } from '../../../api/kinds/core/config-map.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { type KubeletCluster, startKubeletCluster } from '../testing/kubelet-cluster.ts';

const image = 'busybox:1.36';
const running = (k: KubeletCluster): string[] =>
  [...k.engine.containers.values()].filter((c) => c.view.state === 'running').map((c) => c.view.name);

describe('init containers and sidecars', () => {
  it('run one after the other, sidecars on, and the containers last', async (t) => {
    const k = await startKubeletCluster(t, {
      script: {
        container: ({ name }) =>
          name.startsWith('init')
            ? {
                steps: [
                  { do: 'wait', ms: 5000 },
                  { do: 'exit', code: 0 },
                ],
              }
            : undefined,
      },
    });
    const sidecar = {
      name: 'side',
      image,
      restartPolicy: 'Always',
      startupProbe: { exec: { command: ['true'] }, periodSeconds: 3, initialDelaySeconds: 3 },
    };
    await k.run('web', { initContainers: [{ name: 'init-1', image }, sidecar, { name: 'init-2', image }] });
    assert.deepEqual(running(k), ['init-1']);
    const waiting = await k.pod('web');
    assert.equal(waiting.status.phase, 'Pending');
    assert.deepEqual((await k.status('web')).state, { waiting: { reason: 'PodInitializing' } });
    const initialized = waiting.status.conditions?.find((c) => c.type === 'Initialized');
    assert.deepEqual(
      [initialized?.status, initialized?.reason, initialized?.message],
      ['False', 'ContainersNotInitialized', 'containers with incomplete status: [init-1 side init-2]'],
    );
    await k.pass(6);
    assert.deepEqual(running(k), ['side']);
    await k.pass(3);
    assert.deepEqual(running(k), ['side', 'init-2']);
    await k.pass(6);
    assert.deepEqual(running(k), ['side', 'main']);
    const { status } = await k.pod('web');
    assert.equal(status.phase, 'Running');
    assert.deepEqual(
      status.initContainerStatuses?.map((s) => [s.name, s.ready, s.started]),
      [
        ['init-1', true, false],
        ['side', true, true],
        ['init-2', true, false],
      ],
    );
  });

  it('a failing one is tried again with back-off, or fails the pod', async (t) => {
    const k = await startKubeletCluster(t, {
      script: { container: ({ name }) => (name === 'init' ? { steps: [{ do: 'exit', code: 1 }] } : undefined) },
    });
    await k.run('web', { initContainers: [{ name: 'init', image }] });
    await k.pass(1);
    assert.equal((await k.status('web', 'init')).state.waiting?.reason, 'CrashLoopBackOff');
    assert.equal((await k.pod('web')).status.phase, 'Pending');
    await k.run('once', { restartPolicy: 'Never', initContainers: [{ name: 'init', image }] });
    await k.pass(1);
    assert.equal((await k.pod('once')).status.phase, 'Failed');
    assert.deepEqual((await k.status('once')).state, { waiting: { reason: 'PodInitializing' } });
  });

  it('a pod whose containers are done ends its sidecars, and only then shows Succeeded', async (t) => {
    const k = await startKubeletCluster(t, {
      script: {
        container: ({ name }) =>
          name === 'side'
            ? { steps: [], onTerm: { exitCode: 0, delayMs: 3000 } }
            : {
                steps: [
                  { do: 'wait', ms: 1000 },
                  { do: 'exit', code: 0 },
                ],
              },
      },
    });
    await k.run('job', { restartPolicy: 'Never', initContainers: [{ name: 'side', image, restartPolicy: 'Always' }] });
    await k.pass(2);
    assert.deepEqual(running(k), ['side']);
    assert.equal((await k.pod('job')).status.phase, 'Running');
    await k.pass(3);
    assert.equal((await k.pod('job')).status.phase, 'Succeeded');
  });
});

describe('probes', () => {
  const answers = (code: { value: number }) => ({ exec: () => ({ steps: [{ do: 'exit' as const, code: code.value }] }) });
  const probe = { exec: { command: ['check'] }, periodSeconds: 2, failureThreshold: 2 };

  it('gate readiness', async (t) => {
    const code = { value: 1 };
    const k = await startKubeletCluster(t, { script: answers(code) });
    await k.run('web', { containers: [{ name: 'main', image, readinessProbe: probe }] });
    await k.pass(5);
    assert.equal((await k.status('web')).ready, false);
    const ready = (await k.pod('web')).status.conditions?.find((c) => c.type === 'Ready');
    assert.deepEqual([ready?.status, ready?.message], ['False', 'containers with unready status: [main]']);
    code.value = 0;
    await k.pass(3);
    assert.equal((await k.status('web')).ready, true);
    assert.ok((await k.events('web')).some((e) => e.startsWith('Warning Unhealthy Readiness probe failed: ')));
  });

  it('kill and restart', async (t) => {
    const code = { value: 0 };
    const k = await startKubeletCluster(t, { script: answers(code) });
    await k.run('web', { containers: [{ name: 'main', image, livenessProbe: probe }] });
    await k.pass(4);
    code.value = 1;
    await k.pass(4);
    code.value = 0;
    assert.ok((await k.events('web')).includes('Normal Killing Container main failed liveness probe, will be restarted'));
    await k.pass(10);
    assert.equal((await k.status('web')).restartCount, 1);
    code.value = 1;
    await k.run('never', { restartPolicy: 'Never', containers: [{ name: 'main', image, livenessProbe: probe }] });
    await k.pass(6);
    assert.ok((await k.events('never')).includes('Normal Killing Container main failed liveness probe'));
    assert.equal((await k.pod('never')).status.phase, 'Failed');
  });

  it('kill within a grace period of their own, if they have one', async (t) => {
    for (const [own, seconds] of [
      [{ terminationGracePeriodSeconds: 3 }, 3],
      [{}, 12],
    ] as const) {
      const script = { ...answers({ value: 1 }), container: () => ({ steps: [], onTerm: 'ignore' as const }) };
      const k = await startKubeletCluster(t, { script });
      const livenessProbe = { ...probe, periodSeconds: 1, failureThreshold: 1, ...own };
      await k.run('web', { terminationGracePeriodSeconds: 12, containers: [{ name: 'main', image, livenessProbe }] });
      await k.pass(seconds - 1);
      assert.equal((await k.status('web')).restartCount, 0);
      await k.pass(2);
      const { restartCount, lastState } = await k.status('web');
      assert.deepEqual([restartCount, lastState.terminated?.exitCode], [1, 137]);
    }
  });

  it('open a readiness gate only with the condition', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', { readinessGates: [{ conditionType: 'example.com/gate' }] });
    const condition = async () => (await k.pod('web')).status.conditions?.find((c) => c.type === 'Ready');
    assert.equal((await condition())?.reason, 'ReadinessGatesNotReady');
    assert.equal((await condition())?.message, 'corresponding condition of pod readiness gate "example.com/gate" does not exist.');
    const object = await k.pod('web');
    const conditions = [...(object.status.conditions ?? []), { type: 'example.com/gate', status: 'True' }];
    await k.cluster.api(podKind).updateStatus({ ...object, status: { ...object.status, conditions } });
    await k.settle();
    assert.equal((await condition())?.status, 'True');
  });
});

describe('ephemeral containers', () => {
  it('start in a running pod, seeing the processes of their target', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web');
    const debug = { name: 'debugger', image, targetContainerName: 'main', stdin: true };
    await k.cluster
      .api(podKind)
      .patch(
        { namespace: 'default', name: 'web' },
        { type: 'strategic', subresource: 'ephemeralcontainers', body: { spec: { ephemeralContainers: [debug] } } },
      );
    await k.settle();
    assert.ok((await k.status('web', 'debugger')).state.running);
    const records = [...k.engine.containers.values()];
    const main = records.find((c) => c.view.name === 'main');
    assert.deepEqual(records.find((c) => c.view.name === 'debugger')?.config.pidMode, { target: main?.view.id });
    k.runtime.control.exit(records.find((c) => c.view.name === 'debugger')?.view.id ?? '', 0);
    await k.pass(1);
    assert.equal((await k.status('web', 'debugger')).state.terminated?.exitCode, 0);
    assert.equal((await k.pod('web')).status.phase, 'Running');
  });
});

describe('volumes', () => {
  it('follow a changed config map at once, and an optional one that appears', async (t) => {
    const k = await startKubeletCluster(t);
    const api = k.cluster.api(configMap);
    await api.create({ metadata: { name: 'cfg', namespace: 'default' }, data: { a: '1' } });
    await k.run('web', {
      volumes: [
        { name: 'cfg', configMap: { name: 'cfg' } },
        { name: 'late', configMap: { name: 'late', optional: true } },
      ],
    });
    assert.equal(await k.volumeFile('web', 'configmap', 'cfg', 'a'), '1');
    const object = await api.get({ namespace: 'default', name: 'cfg' });
    await api.update({ ...object, data: { a: '2' } });
    await api.create({ metadata: { name: 'late', namespace: 'default' }, data: { b: '3' } });
    await k.settle();
    assert.equal(await k.volumeFile('web', 'configmap', 'cfg', 'a'), '2');
    assert.equal(await k.volumeFile('web', 'configmap', 'late', 'b'), '3');
  });

  it("show a pod's own labels as they are now", async (t) => {
    const k = await startKubeletCluster(t);
    const items = [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }];
    await k.run('web', { volumes: [{ name: 'info', downwardAPI: { items } }] }, { labels: { app: 'web' } });
    assert.equal(await k.volumeFile('web', 'downward-api', 'info', 'labels'), 'app="web"');
    await k.cluster
      .api(podKind)
      .patch({ namespace: 'default', name: 'web' }, { type: 'merge', body: { metadata: { labels: { app: 'db' } } } });
    await k.settle();
    assert.equal(await k.volumeFile('web', 'downward-api', 'info', 'labels'), 'app="db"');
  });
});

describe('a part of a volume by the environment', () => {
  const annotated = { name: 'PART', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['part']" } } };
  const container = {
    name: 'main',
    image: 'busybox:1.36',
    env: [annotated],
    volumeMounts: [{ name: 'data', mountPath: '/data', subPathExpr: '$(PART)' }],
  };
  const spec = { containers: [container], volumes: [{ name: 'data', emptyDir: {} }] };

  it('waits for a value, refuses what leads out, and then mounts it', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', spec);
    const reason = 'CreateContainerConfigError';
    assert.deepEqual((await k.status('web')).state.waiting, { reason, message: 'missing value for PART' });
    const set = async (part: string): Promise<void> => {
      const body = { metadata: { annotations: { part } } };
      await k.cluster.api(podKind).patch({ namespace: 'default', name: 'web' }, { type: 'merge', body });
      await k.settle();
    };
    await set('/etc');
    assert.deepEqual((await k.status('web')).state.waiting, { reason, message: 'error SubPath `/etc` must not be an absolute path' });
    await set('a/../..');
    assert.deepEqual((await k.status('web')).state.waiting, {
      reason,
      message: "unable to provision SubPath `a/../..`: must not contain '..'",
    });
    await set('a/b');
    assert.ok((await k.status('web')).state.running);
    const { uid } = (await k.pod('web')).metadata;
    assert.ok(existsSync(join(k.root, 'pods', uid, 'volumes/kubernetes.io~empty-dir/data/a/b')));
  });
});

describe('a part of a volume', () => {
  it("is made with all of the volume's mode, so that its files belong to the same group", async (t) => {
    const k = await startKubeletCluster(t);
    const path = join(k.root, 'shared');
    await mkdir(path);
    await chmod(path, 0o3770);
    const volumeMounts = [{ name: 'data', mountPath: '/data', subPath: 'a/b' }];
    await k.run('web', { containers: [{ name: 'main', image, volumeMounts }], volumes: [{ name: 'data', hostPath: { path } }] });
    for (const part of ['a', 'a/b']) assert.equal((await stat(join(path, part))).mode & 0o7777, 0o3770);
  });

  it('is never outside of the volume, nor made behind a link that leads out or to nothing', async (t) => {
    const k = await startKubeletCluster(t);
    const path = join(k.root, 'shared');
    await mkdir(join(path, 'inside'), { recursive: true });
    await writeFile(join(path, 'file'), '');
    const links = { within: 'inside', out: '..', nothing: '/nowhere/at/all', 'out-to-nothing': '../absent' };
    for (const [name, target] of Object.entries(links)) await symlink(target, join(path, name));
    const waitsFor = async (subPath: string): Promise<string | undefined> => {
      const name = `web-${subPath.replaceAll('/', '-')}`;
      const volumeMounts = [{ name: 'data', mountPath: '/data', subPath }];
      await k.run(name, { containers: [{ name: 'main', image, volumeMounts }], volumes: [{ name: 'data', hostPath: { path } }] });
      return (await k.status(name)).state.waiting?.message;
    };
    const failed = (what: string): string => `failed to ${what} for volumeMount "data" of container "main"`;
    for (const inside of ['within', 'within/new', 'file']) assert.equal(await waitsFor(inside), undefined);
    for (const outside of ['out', 'file/a']) assert.equal(await waitsFor(outside), failed('prepare subPath'));
    for (const absent of ['nothing', 'nothing/a', 'out/new', 'out-to-nothing']) {
      assert.equal(await waitsFor(absent), failed('create subPath directory'));
    }
    assert.deepEqual([existsSync(join(k.root, 'new')), existsSync(join(k.root, 'absent'))], [false, false]);
  });
});

describe('the environment', () => {
  it('takes values from a file that an init container wrote', async (t) => {
    const k = await startKubeletCluster(t);
    const from = (key: string, optional: boolean) => ({ valueFrom: { fileKeyRef: { volumeName: 'env', path: 'vars', key, optional } } });
    const env = [
      { name: 'A', ...from('KEY', false) },
      { name: 'NONE', ...from('OTHER', true) },
    ];
    await k.run('web', { containers: [{ name: 'main', image: 'busybox:1.36', env }], volumes: [{ name: 'env', emptyDir: {} }] });
    const { waiting } = (await k.status('web')).state;
    assert.match(waiting?.message ?? '', /^couldn't parse env file: failed to open environment variable file "vars": no such file/);
    const { uid } = (await k.pod('web')).metadata;
    await writeFile(join(k.root, 'pods', uid, 'volumes/kubernetes.io~empty-dir/env/vars'), "KEY='a value'\n");
    await k.pass(10);
    const [made] = [...k.engine.containers.values()];
    assert.equal(made?.config.env.find(({ name }) => name === 'A')?.value, 'a value');
    assert.equal(
      made?.config.env.some(({ name }) => name === 'NONE'),
      false,
    );
  });
});

describe('a group without a user', () => {
  it("goes with the image's user", async (t) => {
    for (const [user, used] of [
      ['', '0'],
      ['1000:2000', '1000'],
    ] as const) {
      const k = await startKubeletCluster(t, { script: { image: () => ({ user }) } });
      await k.run('web', { containers: [{ name: 'main', image: 'own:1' }], securityContext: { runAsGroup: 3000 } });
      const [made] = [...k.engine.containers.values()];
      assert.deepEqual([made?.config.security.runAsUser, made?.config.security.runAsGroup], [used, 3000]);
    }
  });
});
