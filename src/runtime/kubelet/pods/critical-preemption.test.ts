import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../../api/generated/core/v1.ts';
import { startKubeletCluster } from '../testing/kubelet-cluster.ts';
import { noRoomMessage, podsToPreempt } from './critical-preemption.ts';
import { shortfalls } from './pod-admission.ts';

const image = 'busybox:1.36';
const critical = 2_000_001_000;

/** A pod of one container; limits that equal its requests make it Guaranteed. */
const aPod = (
  name: string,
  requests: Record<string, string> = {},
  options: { limits?: Record<string, string>; priority?: number } = {},
): Pod => {
  const { limits, priority = 0 } = options;
  const resources = { requests, ...(limits === undefined ? {} : { limits }) };
  return { metadata: { name }, spec: { priority, containers: [{ name: 'c', resources }] }, status: {} } as unknown as Pod; // no other fields are read
};
const full = { cpu: '1', memory: '1Gi' };

const victims = (pod: Pod, others: readonly Pod[], allocatable: Record<string, string>): readonly string[] | undefined =>
  podsToPreempt(pod, others, shortfalls({ pod, others, allocatable }))?.map(({ metadata }) => metadata.name);

describe('who makes way for a critical pod', () => {
  const wanting = aPod('critical', { cpu: '1' }, { priority: critical });

  it('is as few pods as possible, of the lowest quality of service', () => {
    const others = [
      aPod('guaranteed', full, { limits: full }),
      aPod('small', { cpu: '400m' }),
      aPod('large', { cpu: '1200m' }),
      aPod('best'),
    ];
    assert.deepEqual(victims(wanting, others, { cpu: '2600m', memory: '9Gi', pods: '9' }), ['large']);
    assert.deepEqual(victims(wanting, others, { cpu: '3200m', memory: '9Gi', pods: '9' }), ['small']);
    assert.deepEqual(victims(wanting, others, { cpu: '1600m', memory: '9Gi', pods: '9' }), ['large', 'guaranteed']);
    assert.deepEqual(victims(aPod('critical', {}, { priority: critical }), others, { pods: '4' }), ['best']);
  });

  it('is no other critical pod, unless it is less important', () => {
    const equal = aPod('equal', { cpu: '1' }, { priority: critical });
    const less = aPod('less', { cpu: '1' }, { priority: critical - 1 });
    assert.equal(victims(wanting, [equal], { cpu: '1', pods: '9' }), undefined);
    assert.deepEqual(victims(wanting, [equal, less], { cpu: '2', pods: '9' }), ['less']);
  });

  it('is nobody when all together would not suffice, and upstream says so', () => {
    const others = [aPod('small', { cpu: '100m' })];
    const allocatable = { cpu: '500m', pods: '9' };
    assert.equal(victims(wanting, others, allocatable), undefined);
    assert.match(noRoomMessage(shortfalls({ pod: wanting, others, allocatable })), /reclaim resources: \[\(res: cpu, q: 600\), \]$/);
  });
});

describe('a critical pod on a full node', () => {
  it('runs, and the pods that made way are told why', async (t) => {
    const k = await startKubeletCluster(t, { allocatable: { cpus: 2 } });
    const using = (cpu: string) => ({ containers: [{ name: 'main', image, resources: { requests: { cpu } } }] });
    await k.run('low', using('1500m'));
    await k.run('critical', { ...using('1'), priority: critical });
    await k.pass(40);
    assert.equal((await k.pod('critical')).status.phase, 'Running');
    const { status } = await k.pod('low');
    assert.deepEqual([status.phase, status.reason, status.message], ['Failed', 'Preempting', 'Preempted in order to admit critical pod']);
    const target = status.conditions?.find(({ type }) => type === 'DisruptionTarget');
    assert.deepEqual(
      [target?.status, target?.reason, target?.message],
      ['True', 'TerminationByKubelet', 'Pod was preempted by Kubelet to accommodate a critical pod.'],
    );
    assert.ok((await k.events('low')).includes('Warning Preempting Preempted in order to admit critical pod'));
    await k.run('other', using('1500m'));
    assert.equal((await k.pod('other')).status.reason, 'OutOfcpu');
  });
});
