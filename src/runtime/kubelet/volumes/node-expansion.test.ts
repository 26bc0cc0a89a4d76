import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { PersistentVolumeClaim } from '../../../api/generated/core/v1.ts';
import { persistentVolume } from '../../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../../api/kinds/core/persistent-volume-claim.ts';
import type { PodState } from '../pods/pod-state.ts';
import { startKubeletCluster } from '../testing/kubelet-cluster.ts';
import { growOnNode } from './node-expansion.ts';

const ref = { namespace: 'default', name: 'c' };
const waiting = { status: 'True', lastProbeTime: null, lastTransitionTime: '2026-01-02T03:04:05Z' };

/** A node that runs a pod with a bound claim to a folder of 10Mi. `readOnly`: the pod wants it so. */
async function aClaimInUse(t: TestContext, { readOnly = false } = {}) {
  const k = await startKubeletCluster(t);
  const path = join(k.root, 'volume');
  await mkdir(path);
  const [claims, found] = [k.cluster.api(persistentVolumeClaim), k.cluster.api(persistentVolume)];
  const size = { storage: '10Mi' };
  const accessModes = ['ReadWriteOnce'] as const;
  const claim = await claims.create({
    metadata: ref,
    spec: { accessModes, resources: { requests: size }, volumeName: 'pv', storageClassName: '' },
  });
  const { uid } = claim.metadata;
  const affinity = { key: 'kubernetes.io/hostname', operator: 'In', values: ['minik'] } as const;
  await found.create({
    metadata: { name: 'pv' },
    spec: {
      ...{ accessModes, capacity: size, local: { path }, claimRef: { ...ref, uid } },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [affinity] }] } },
    },
  });
  await claims.updateStatus({ ...claim, status: { phase: 'Bound', accessModes, capacity: size } });
  await k.run('web', { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'c', readOnly } }] });
  const current = (): Promise<PersistentVolumeClaim> => claims.get(ref);
  return {
    k,
    current,
    /** As a driver's controller does when its part is done. */
    async expand(storage: string, status: 'NodeResizePending' | 'ControllerResizeInProgress'): Promise<void> {
      const volume = await found.get({ namespace: '', name: 'pv' });
      await found.update({ ...volume, spec: { ...volume.spec, capacity: { storage } } });
      const before = await current();
      const conditions = [
        { ...waiting, type: 'FileSystemResizePending' },
        { ...waiting, type: 'example.com/Other' },
      ];
      await claims.updateStatus({
        ...before,
        status: { ...before.status, conditions, allocatedResources: { storage }, allocatedResourceStatuses: { storage: status } },
      });
      await k.settle();
    },
  };
}

const typesOf = ({ status }: PersistentVolumeClaim): readonly string[] => (status.conditions ?? []).map(({ type }) => type);

describe('a claim that waits for its node to grow the volume', () => {
  it('has its new size as soon as the volume has grown, while its pod runs', async (t) => {
    const { k, current, expand } = await aClaimInUse(t);
    await expand('20Mi', 'NodeResizePending');
    const claim = await current();
    assert.deepEqual([claim.status.capacity, claim.status.allocatedResources], [{ storage: '20Mi' }, { storage: '20Mi' }]);
    assert.equal(claim.status.allocatedResourceStatuses, undefined);
    assert.deepEqual(typesOf(claim), ['example.com/Other']);
    const said = 'Normal FileSystemResizeSuccessful MountVolume.NodeExpandVolume succeeded for volume "pv" minik';
    assert.ok((await k.events('web')).includes(said));
  });

  it('is left alone while a driver grows it', async (t) => {
    const { current, expand } = await aClaimInUse(t);
    await expand('20Mi', 'ControllerResizeInProgress');
    assert.deepEqual((await current()).status.capacity, { storage: '10Mi' });
  });

  it('waits on when its pod may only read', async (t) => {
    const { current, expand } = await aClaimInUse(t, { readOnly: true });
    await expand('20Mi', 'NodeResizePending');
    assert.deepEqual((await current()).status.capacity, { storage: '10Mi' });
  });

  it('says why the volume cannot grow, once in its conditions', async () => {
    const pod = { metadata: { namespace: 'default', name: 'web' }, spec: {} };
    const said: string[] = [];
    let claim = {
      metadata: ref,
      spec: { volumeName: 'pv' },
      status: { capacity: { storage: '10Mi' }, allocatedResourceStatuses: { storage: 'NodeResizePending' } },
    } as unknown as PersistentVolumeClaim;
    const updateStatus = async (changed: PersistentVolumeClaim): Promise<void> => {
      claim = changed;
    };
    const deps = {
      sources: { claim: async () => claim, volume: async () => ({ metadata: { name: 'pv' }, spec: { capacity: { storage: '20Mi' } } }) },
      volumes: { grow: () => Promise.reject(new Error('busy')) },
      clock: { now: () => 1000 * (said.length + 1) },
      events: { event: (_: unknown, type: string, reason: string, message: string) => said.push(`${type} ${reason} ${message}`) },
      client: { resource: () => ({ updateStatus }) },
    };
    // Partial: the code under test reads no other fields.
    const grow = (): Promise<boolean> =>
      growOnNode({ name: 'data', persistentVolumeClaim: { claimName: 'c' } }, { pod, deps } as unknown as PodState);
    assert.deepEqual([await grow(), await grow()], [false, false]);
    assert.deepEqual(claim.status.conditions, [
      { type: 'NodeResizeError', ...waiting, lastTransitionTime: '1970-01-01T00:00:03Z', message: 'failed to expand pvc with busy' },
    ]);
    assert.equal(said[0], 'Warning FileSystemResizeFailed MountVolume.NodeExpandVolume failed for volume "pv" : busy');
    assert.deepEqual(claim.status.capacity, { storage: '10Mi' });
  });
});
