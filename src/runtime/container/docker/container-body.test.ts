import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../api/json.ts';
import type { ContainerConfig, Mount, Sandbox } from '../container-runtime.ts';
import { aContainer, PLAIN_SECURITY } from '../runtime-test-support.ts';
import { containerBody } from './container-body.ts';

const sandbox = { id: 's', pod: { namespace: 'default', name: 'web', uid: 'u', node: 'minik' } } as Sandbox;

const traits = { hostIpc: false, cgroupParent: '', runtimeHandler: '' };

async function hostConfigOf(change: Partial<ContainerConfig>, ofSandbox: Partial<typeof traits> = {}): Promise<JsonObject> {
  const config = aContainer(sandbox, 'busybox:1.36', [], change);
  const context = { cluster: 'c', traits: { ...traits, ...ofSandbox }, identity: config.security, oomScoreAdj: undefined };
  return ((await containerBody(config, context)) as { HostConfig: JsonObject }).HostConfig; // what every body has
}

async function mountsOf(...mounts: readonly Mount[]): Promise<unknown> {
  const { Binds, Mounts } = await hostConfigOf({ mounts });
  return [Binds, Mounts];
}

const volume = (target: string, options: object) => ({
  Type: 'volume',
  Target: target,
  VolumeOptions: { NoCopy: true, DriverConfig: { Name: 'local', Options: options } },
});

describe('mounts on Docker', () => {
  it('are binds, which make missing folders, where a bind can say it all', async () => {
    const mount = { hostPath: '/data', containerPath: '/d', readOnly: true, propagation: 'HostToContainer' } as const;
    assert.deepEqual(await mountsOf(mount), [['/data:/d:ro,rslave'], []]);
    const both = { hostPath: '/data', containerPath: '/d', readOnly: false, propagation: 'Bidirectional' } as const;
    assert.deepEqual(await mountsOf(both), [['/data:/d:rshared'], []]);
    assert.deepEqual(await mountsOf({ ...both, propagation: 'None' }), [['/data:/d'], []]);
    const bind = { Type: 'bind', Source: '/a:b', Target: '/d', ReadOnly: false, BindOptions: { Propagation: 'rprivate' } };
    assert.deepEqual(await mountsOf({ hostPath: '/a:b', containerPath: '/d', readOnly: false }), [[], [bind]]);
    const deep = {
      ...{ Type: 'bind', Source: '/a', Target: '/d', ReadOnly: true },
      BindOptions: { Propagation: 'rprivate', ReadOnlyForceRecursive: true },
    };
    assert.deepEqual(await mountsOf({ hostPath: '/a', containerPath: '/d', readOnly: true, recursiveReadOnly: true }), [[], [deep]]);
  });

  it('are volumes without a name for other machines, and for what may not be executed', async () => {
    const remote = { type: 'nfs', server: 'files.example.com', path: '/export/a' } as const;
    assert.deepEqual(await mountsOf({ hostPath: '', containerPath: '/n', readOnly: false, remote }), [
      [],
      [volume('/n', { type: 'nfs', o: 'addr=files.example.com,rw', device: ':/export/a' })],
    ]);
    assert.deepEqual(await mountsOf({ hostPath: '/i', containerPath: '/n', readOnly: true, noExec: true }), [
      [],
      [volume('/n', { type: 'none', o: 'bind,ro,noexec', device: '/i' })],
    ]);
  });
});

describe('what else Docker is told', () => {
  it('names GPUs, and the runtime of the sandbox', async () => {
    const { DeviceRequests } = await hostConfigOf({ gpus: ['GPU-1', 'GPU-2'] });
    assert.deepEqual(DeviceRequests, [{ Driver: 'nvidia', DeviceIDs: ['GPU-1', 'GPU-2'], Capabilities: [['gpu']] }]);
    const plain = await hostConfigOf({});
    assert.deepEqual([plain.DeviceRequests, plain.Runtime], [undefined, undefined]);
    assert.equal((await hostConfigOf({}, { runtimeHandler: 'runsc' })).Runtime, 'runsc');
  });

  it('labels processes for SELinux, and confines them as it is told', async () => {
    const security = (change: Partial<ContainerConfig['security']>) =>
      hostConfigOf({ security: { ...PLAIN_SECURITY, ...change } }).then(({ SecurityOpt }) => SecurityOpt);
    assert.deepEqual(await security({ selinuxOptions: { user: 'u', role: '', level: 's0' } }), ['label=user:u', 'label=level:s0']);
    assert.deepEqual(await security({ noNewPrivileges: true }), ['no-new-privileges']);
    assert.deepEqual(await security({ seccompProfile: 'unconfined', apparmorProfile: 'localhost/web' }), [
      'seccomp=unconfined',
      'apparmor=web',
    ]);
    assert.deepEqual(await security({ seccompProfile: 'runtime/default', apparmorProfile: 'runtime/default' }), []);
  });

  it('limits processes', async () => {
    assert.equal((await hostConfigOf({ resources: { pids: 64 } })).PidsLimit, 64);
  });
});
