import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import type { ContainerConfig, Mount } from '../../container/container-runtime.ts';
import { startKubeletCluster } from '../testing/kubelet-cluster.ts';

const image = 'busybox:1.36';

describe('the namespaces of a pod', () => {
  it('are its own, or the host’s where it asks for them', async (t) => {
    const k = await startKubeletCluster(t);
    const shared = async (spec: Readonly<Record<string, unknown>>) => {
      await k.run('web', spec);
      const [sandbox] = [...k.engine.sandboxes.values()];
      const [container] = [...k.engine.containers.values()];
      const { hostNetwork, hostPid, hostIpc } = sandbox?.config ?? {};
      const seen = { hostNetwork, hostPid, hostIpc, pidMode: container?.config.pidMode, ofContainer: container?.config.hostNetwork };
      await k.cluster.api(podKind).delete({ namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
      await k.pass(40);
      return seen;
    };
    const own = { hostNetwork: false, hostPid: false, hostIpc: false, pidMode: 'container', ofContainer: false };
    assert.deepEqual(await shared({}), own);
    assert.deepEqual(await shared({ hostNetwork: true }), { ...own, hostNetwork: true, ofContainer: true });
    assert.deepEqual(await shared({ hostPID: true }), { ...own, hostPid: true, pidMode: 'host' });
    assert.deepEqual(await shared({ hostIPC: true }), { ...own, hostIpc: true });
    assert.deepEqual(await shared({ shareProcessNamespace: true }), { ...own, pidMode: 'pod' });
  });

  it('give a pod on the host’s network the addresses of its node, and no ports of its own', async (t) => {
    const k = await startKubeletCluster(t);
    const ports = [{ containerPort: 8080, hostPort: 8080 }];
    const value = (fieldPath: string) => ({ name: fieldPath.replace('.', '_'), valueFrom: { fieldRef: { fieldPath } } });
    const env = ['status.podIP', 'status.hostIP', 'status.podIPs', 'status.hostIPs'].map(value);
    const containers = [{ name: 'main', image, command: ['sleep', '3600'], ports, env }];
    await k.run('host', { hostNetwork: true, containers });
    const { status } = await k.pod('host');
    const ip = '10.0.0.1';
    assert.deepEqual([status.podIP, status.podIPs, status.hostIP, status.hostIPs], [ip, [{ ip }], ip, [{ ip }]]);
    assert.deepEqual([...k.engine.sandboxes.values()][0]?.config.portMappings, []);
    const told = [...k.engine.containers.values()][0]?.config.env.filter(({ name }) => name.startsWith('status_'));
    assert.deepEqual(
      told?.map((each) => each.value),
      [ip, ip, ip, ip],
    );
    await k.run('own', { containers: [{ ...containers[0], ports: [{ containerPort: 8080, hostPort: 8081, protocol: 'UDP' }] }] });
    const own = (await k.pod('own')).status;
    assert.match(own.podIP ?? '', /^10\.244\./);
    assert.deepEqual([own.podIPs, own.hostIP], [[{ ip: own.podIP }], ip]);
    assert.deepEqual([...k.engine.sandboxes.values()].find(({ view }) => view.pod.name === 'own')?.config.portMappings, [
      { hostIp: '', hostPort: 8081, containerPort: 8080, protocol: 'UDP' },
    ]);
  });
});

describe('the mounts of a container', () => {
  it('pass mounts on as it asks, are read-only as it asks, and may be parts of volumes', async (t) => {
    const k = await startKubeletCluster(t);
    const mounts: Mount[] = [];
    const create = k.runtime.containers.create.bind(k.runtime.containers);
    t.mock.method(k.runtime.containers, 'create', (config: ContainerConfig) => {
      mounts.push(...config.mounts);
      return create(config);
    });
    const volumeMounts = [
      { name: 'data', mountPath: '/plain' },
      { name: 'data', mountPath: '/in', mountPropagation: 'HostToContainer' },
      { name: 'data', mountPath: '/part', subPath: 'a/b', readOnly: true },
      { name: 'config', mountPath: '/config' },
      { name: 'data', mountPath: '/deep', readOnly: true, recursiveReadOnly: 'Enabled' },
    ];
    const both = { name: 'data', mountPath: '/both', mountPropagation: 'Bidirectional' };
    await k.run('web', {
      volumes: [
        { name: 'data', emptyDir: {} },
        { name: 'config', downwardAPI: { items: [] } },
      ],
      containers: [
        { name: 'main', image, command: ['sleep', '3600'], volumeMounts },
        { name: 'root', image, command: ['sleep', '3600'], securityContext: { privileged: true }, volumeMounts: [both] },
      ],
    });
    const shown = mounts
      .filter(({ hostPath }) => hostPath.includes('/volumes/'))
      .map(({ hostPath, containerPath, readOnly, propagation, recursiveReadOnly }) => {
        const [, place] = hostPath.split('/volumes/kubernetes.io~');
        return [containerPath, place, readOnly, propagation ?? '', recursiveReadOnly ?? false];
      });
    assert.deepEqual(
      shown.filter(([path]) => path !== '/var/run/secrets/kubernetes.io/serviceaccount'),
      [
        ['/plain', 'empty-dir/data', false, '', false],
        ['/in', 'empty-dir/data', false, 'HostToContainer', false],
        ['/part', 'empty-dir/data/a/b', true, '', false],
        ['/config', 'downward-api/config', true, '', false],
        ['/deep', 'empty-dir/data', true, '', true],
        ['/both', 'empty-dir/data', false, 'Bidirectional', false],
      ],
    );
    const { volumeMounts: told = [] } = await k.status('web');
    assert.equal(told.find(({ mountPath }) => mountPath === '/deep')?.recursiveReadOnly, 'Enabled');
    assert.equal(told.find(({ mountPath }) => mountPath === '/part')?.recursiveReadOnly, 'Disabled');
  });

  it('are not recursively read-only where the engine cannot make them so', async (t) => {
    const k = await startKubeletCluster(t, { info: { recursiveReadOnly: false } });
    const mount = (recursiveReadOnly: string) => ({ name: 'data', mountPath: '/data', readOnly: true, recursiveReadOnly });
    const spec = (mode: string) => ({
      volumes: [{ name: 'data', emptyDir: {} }],
      containers: [{ name: 'main', image, command: ['sleep', '3600'], volumeMounts: [mount(mode)] }],
    });
    await k.run('must', spec('Enabled'));
    assert.deepEqual((await k.status('must')).state.waiting, {
      reason: 'CreateContainerConfigError',
      message:
        'failed to resolve recursive read-only mode: volume "data" requested recursive read-only mode, but it is not supported by the runtime',
    });
    await k.run('may', spec('IfPossible'));
    const { state, volumeMounts } = await k.status('may');
    assert.ok(state.running);
    assert.equal(volumeMounts?.find(({ mountPath }) => mountPath === '/data')?.recursiveReadOnly, 'Disabled');
  });
});
