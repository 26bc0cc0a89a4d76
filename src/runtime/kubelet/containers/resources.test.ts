import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, Pod } from '../../../api/generated/core/v1.ts';
import { containerResources, milliCpuToQuotaUs, milliCpuToShares, oomScoreAdjust } from './resources.ts';

const node = 8 * 1024 ** 3;

function aPod(resources: Container['resources'], spec: object = {}): [Pod, Container] {
  const container = { name: 'main', resources } as Container; // only what is read
  return [{ metadata: {}, spec: { containers: [container], ...spec }, status: {} } as unknown as Pod, container];
}

describe('cgroup settings', () => {
  it('convert CPU as the kubelet does', () => {
    assert.deepEqual([0, 1, 250, 1000, 1_000_000].map(milliCpuToShares), [2, 2, 256, 1024, 262_144]);
    assert.deepEqual([1, 10, 500, 2000].map(milliCpuToQuotaUs), [1000, 1000, 50_000, 200_000]);
  });

  it('score who is killed first', () => {
    assert.equal(oomScoreAdjust(...aPod({}), node), 1000);
    assert.equal(oomScoreAdjust(...aPod({ requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } }), node), -997);
    assert.equal(oomScoreAdjust(...aPod({ requests: { memory: '4Gi' } }), node), 500);
    assert.equal(oomScoreAdjust(...aPod({ requests: { memory: '1' } }), node), 999);
    assert.equal(oomScoreAdjust(...aPod({ requests: { memory: '8Gi' } }), node), 3);
    assert.equal(oomScoreAdjust(...aPod({}, { priority: 2_000_000_000 }), node), -997);
  });

  it('share what a pod requests as a whole among its containers, and spare sidecars as long as containers', () => {
    const [pod, main] = aPod({ requests: { memory: '1Gi' } }, { resources: { requests: { memory: '3Gi' } } });
    assert.equal(oomScoreAdjust(pod, main, node), 1000 - (1000 * 3) / 8);
    const sidecar = { name: 'side', restartPolicy: 'Always', resources: { requests: { memory: '1Gi' } } } as unknown as Container;
    const [helped] = aPod({ requests: { memory: '4Gi' } }, { initContainers: [sidecar] });
    assert.equal(oomScoreAdjust(helped, sidecar, node), 500);
  });

  it('are those of the pod where the container has no limit', () => {
    const [pod, main] = aPod({ limits: { memory: '64Mi' } }, { resources: { limits: { cpu: '500m', memory: '1Gi' } } });
    const { cpuQuotaUs, memoryBytes, cpuShares } = containerResources(pod, main, node);
    assert.deepEqual([cpuQuotaUs, memoryBytes, cpuShares], [50_000, 64 * 1024 ** 2, 512]);
  });

  it('leave out what is not limited, and take a limit for a request', () => {
    assert.deepEqual(containerResources(...aPod({}), node), { cpuShares: 2, oomScoreAdj: 1000 });
    assert.deepEqual(containerResources(...aPod({ limits: { cpu: '500m', memory: '64Mi' } }), node), {
      cpuShares: 512,
      cpuQuotaUs: 50_000,
      cpuPeriodUs: 100_000,
      memoryBytes: 64 * 1024 ** 2,
      oomScoreAdj: 999,
    });
  });
});
