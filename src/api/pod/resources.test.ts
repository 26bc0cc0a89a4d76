import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../json.ts';
import { pod } from '../kinds/core/pod.ts';
import { received } from '../kinds/testing/objects.ts';
import { formatQuantity } from '../quantity.ts';
import { isPodActive, isPodAvailable, isPodReady, isPodTerminal } from './conditions.ts';
import { podLimits, podRequests, qosClass, type ResourceAmounts } from './resources.ts';

const texts = (amounts: ResourceAmounts): Readonly<Record<string, string>> =>
  Object.fromEntries([...amounts].map(([name, amount]) => [name, formatQuantity(amount)]));
const asks = (name: string, cpu: string, more: JsonObject = {}): JsonObject => ({
  name,
  image: 'i',
  resources: { requests: { cpu } },
  ...more,
});
const podOf = (spec: JsonObject) => received(pod, { spec });

describe('podRequests', () => {
  it('adds containers up', () => {
    assert.deepEqual(texts(podRequests(podOf({ containers: [asks('a', '100m'), asks('b', '1')] }))), { cpu: '1100m' });
  });
  it('takes the largest init container when it needs more', () => {
    assert.deepEqual(texts(podRequests(podOf({ initContainers: [asks('i', '2')], containers: [asks('a', '1')] }))), { cpu: '2' });
  });
  it('adds sidecars to the containers and to the init containers after them', () => {
    const initContainers = [asks('s', '500m', { restartPolicy: 'Always' }), asks('i', '1200m')];
    assert.deepEqual(texts(podRequests(podOf({ initContainers, containers: [asks('a', '1')] }))), { cpu: '1700m' });
  });
  it('takes pod-level requests and overhead into account', () => {
    const spec = { resources: { requests: { cpu: '3' } }, overhead: { cpu: '10m' }, containers: [asks('a', '1')] };
    assert.deepEqual(texts(podRequests(podOf(spec))), { cpu: '3010m' });
  });
  it('adds limits up', () => {
    const limited = { name: 'a', image: 'i', resources: { limits: { memory: '64Mi' } } };
    assert.deepEqual(texts(podLimits(podOf({ containers: [limited, { ...limited, name: 'b' }] }))), { memory: '128Mi' });
  });
});

describe('qosClass', () => {
  const both = { cpu: '1', memory: '1Gi' };
  it('follows requests and limits', () => {
    assert.equal(qosClass(podOf({ containers: [{ name: 'a', image: 'i' }] })), 'BestEffort');
    assert.equal(qosClass(podOf({ containers: [asks('a', '1')] })), 'Burstable');
    assert.equal(qosClass(podOf({ containers: [{ name: 'a', image: 'i', resources: { limits: both } }] })), 'Guaranteed');
    assert.equal(qosClass(podOf({ resources: { limits: both }, containers: [{ name: 'a', image: 'i' }] })), 'Guaranteed');
  });
  it('keeps what the status says', () => {
    assert.equal(qosClass(received(pod, { spec: { containers: [] }, status: { qosClass: 'Guaranteed' } })), 'Guaranteed');
  });
});

describe('pod conditions', () => {
  const nowMs = Date.parse('2026-01-01T00:00:10Z');
  const ready = received(pod, {
    spec: { containers: [] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }] },
  });
  it('tell ready, available, active and ended', () => {
    assert.equal(isPodReady(ready), true);
    assert.equal(isPodAvailable(ready, 10, nowMs), true);
    assert.equal(isPodAvailable(ready, 11, nowMs), false);
    assert.equal(isPodActive(ready), true);
    assert.equal(isPodTerminal({ ...ready, status: { phase: 'Failed' } }), true);
    assert.equal(isPodActive({ ...ready, metadata: { ...ready.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }), false);
  });
});
