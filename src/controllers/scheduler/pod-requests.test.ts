import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/generated/core/v1.ts';
import { podRequests } from './pod-requests.ts';

const container = (cpu?: string, more = {}) => ({ name: 'c', ...(cpu === undefined ? {} : { resources: { requests: { cpu } } }), ...more });
/** A Pod with only the fields that requests are computed from. */
const aPod = (spec: object): Pod => ({ spec: { containers: [], ...spec } }) as unknown as Pod;
const cpuOf = (spec: object): number => podRequests(aPod(spec)).exact.milliCpu;

describe('podRequests', () => {
  it('adds containers up', () => {
    assert.equal(cpuOf({ containers: [container('100m'), container('1')] }), 1100);
  });

  it('takes the largest init container when that is more', () => {
    assert.equal(cpuOf({ containers: [container('100m')], initContainers: [container('2'), container('1')] }), 2000);
  });

  it('counts sidecars to the containers and to the init containers after them', () => {
    const sidecar = container('500m', { restartPolicy: 'Always' });
    assert.equal(cpuOf({ containers: [container('100m')], initContainers: [sidecar, container('1')] }), 1500);
    assert.equal(cpuOf({ containers: [container('2')], initContainers: [sidecar, container('1')] }), 2500);
  });

  it('adds overhead and lets requests of the Pod replace those of its containers', () => {
    assert.equal(cpuOf({ containers: [container('100m')], overhead: { cpu: '50m' } }), 150);
    assert.equal(cpuOf({ containers: [container('100m')], resources: { requests: { cpu: '3' } } }), 3000);
  });

  it('knows extended resources, and fills in defaults for scoring only', () => {
    const { exact, nonZero } = podRequests(aPod({ containers: [{ name: 'c', resources: { requests: { 'example.com/gpu': '2' } } }] }));
    assert.deepEqual([...exact.scalars], [['example.com/gpu', 2]]);
    assert.equal(exact.milliCpu, 0);
    assert.deepEqual([nonZero.milliCpu, nonZero.memory], [100, 200 * 1024 * 1024]);
  });
});
