import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container as ContainerSpec } from '../../../api/generated/core/v1.ts';
import type { Container } from '../../container/container-runtime.ts';
import { GpuPool, gpuAnnotation } from './gpus.ts';

const wanting = (count: string): ContainerSpec =>
  ({ name: 'c', resources: { limits: { 'nvidia.com/gpu': count } } }) as unknown as ContainerSpec; // no other fields are read
const holding = (ids: string, state: Container['state'] = 'running'): Container =>
  ({ state, annotations: { [gpuAnnotation]: ids } }) as unknown as Container; // likewise

describe('GPUs', () => {
  it('belong to one container at a time, also while containers are being made', () => {
    const containers = [holding('a'), holding('b', 'exited')];
    const pool = new GpuPool({ ids: ['a', 'b', 'c'], containers: () => containers });
    const first = pool.take(wanting('1'));
    assert.deepEqual(first, ['b']);
    assert.deepEqual(pool.take(wanting('1')), ['c']);
    const message = 'requested number of devices unavailable for nvidia.com/gpu. Requested: 1, Available: 0';
    assert.throws(() => pool.take(wanting('1')), { reason: 'CreateContainerConfigError', message });
    pool.settle(first);
    assert.deepEqual(pool.take(wanting('1')), ['b']);
  });

  it('are not given to containers that ask for none, nor on a machine without any', () => {
    const none = { ...wanting('1'), resources: {} };
    assert.deepEqual(new GpuPool({ ids: ['a'], containers: () => [] }).take(none), []);
    assert.deepEqual(new GpuPool({ ids: [], containers: () => [] }).take(wanting('2')), []);
  });
});
