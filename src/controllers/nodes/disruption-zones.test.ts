import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node } from '../../api/generated/core/v1.ts';
import { DisruptionZones, zoneOf } from './disruption-zones.ts';

const aNode = (name: string, ready: boolean, labels: Readonly<Record<string, string>> = {}): Node =>
  // The parts of a node that zones depend on.
  ({ metadata: { name, labels }, status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] } }) as unknown as Node;

const second = 1000;

describe('the zone of a node', () => {
  it('is its region and zone, the old labels first', () => {
    const topology = { 'topology.kubernetes.io/zone': 'a', 'topology.kubernetes.io/region': 'eu' };
    assert.equal(zoneOf(aNode('n', true)), '');
    assert.equal(zoneOf(aNode('n', true, topology)), 'eu:\0:a');
    assert.equal(zoneOf(aNode('n', true, { ...topology, 'failure-domain.beta.kubernetes.io/zone': 'b' })), 'eu:\0:b');
  });
});

describe('the zones of nodes', () => {
  const fill = (zones: DisruptionZones, ready: number, notReady: number, nowMs = 0) => {
    for (let i = 0; i < ready; i++) zones.set(aNode(`r${i}`, true), nowMs);
    return Array.from({ length: notReady }, (_, i) => zones.set(aNode(`n${i}`, false), nowMs));
  };
  const any = aNode('n0', false);

  it('let one node be tainted in ten seconds', () => {
    const zones = new DisruptionZones();
    fill(zones, 3, 2);
    assert.deepEqual(
      [0, 0, 4 * second, 10 * second, 10 * second].map((now) => zones.take(any, now)),
      [0, 10 * second, 6 * second, 0, 10 * second],
    );
  });

  it('stop evictions of a small zone, and slow those of a large one, when many nodes are unhealthy', () => {
    const small = new DisruptionZones();
    assert.deepEqual(fill(small, 2, 3).at(-1), { zones: [''] });
    assert.equal(small.take(any, 0), undefined);
    assert.deepEqual(small.delete('n2', 0), { zones: [''] });
    assert.equal(small.take(any, 0), 10 * second, 'the new bucket is as empty as the old one');
    const large = new DisruptionZones();
    fill(large, 24, 30);
    assert.deepEqual(
      [0, 1, 100 * second].map((now) => large.take(any, now)),
      [0, 100 * second - 1, 0],
    );
  });

  it('stop all evictions while no node is healthy, and not for those that do not count', () => {
    const zones = new DisruptionZones();
    zones.set(aNode('a', true), 0);
    assert.deepEqual(zones.set(aNode('b', false, { 'topology.kubernetes.io/zone': 'b' }), 0), { zones: [] });
    assert.deepEqual(zones.set(aNode('a', false), 0).everywhere, 'stopped');
    assert.equal(zones.stopped, true);
    assert.deepEqual(zones.set(aNode('c', true, { 'node.kubernetes.io/exclude-disruption': '' }), 0), { zones: [] });
    assert.deepEqual(zones.set(aNode('d', true), 0).everywhere, 'resumed');
    assert.equal(zones.stopped, false);
  });
});
