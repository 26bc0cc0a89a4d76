import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/generated/core/v1.ts';
import { rfc3339 } from '../../api/time.ts';
import { podsToDelete } from './pods-to-delete.ts';

const now = Date.UTC(2026, 0, 2);
interface Facts {
  readonly node?: string;
  readonly phase?: string;
  readonly ready?: boolean;
  readonly cost?: string;
  readonly ageMs?: number;
  readonly restarts?: number;
}

/** A Pod with only the fields on which the order depends. */
function aPod(name: string, { node = 'n1', phase = 'Running', ready = true, cost, ageMs = 3_600_000, restarts = 0 }: Facts = {}): Pod {
  const created = rfc3339(now - ageMs);
  const annotations = cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': cost };
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: created }];
  return {
    metadata: { name, uid: name, creationTimestamp: created, annotations },
    spec: { nodeName: node },
    status: { phase, conditions, containerStatuses: [{ restartCount: restarts }] },
  } as unknown as Pod;
}
const order = (...pods: readonly Pod[]): readonly string[] =>
  podsToDelete([...pods, aPod('last', { cost: '1000' })], pods, pods.length, now).map(({ metadata }) => metadata.name);

describe('podsToDelete', () => {
  it('takes unassigned, then pending, then Pods that are not ready, first', () => {
    const pods = [
      aPod('ready'),
      aPod('unready', { ready: false }),
      aPod('pending', { phase: 'Pending', ready: false }),
      aPod('unbound', { node: '', phase: 'Pending', ready: false }),
    ];
    assert.deepEqual(order(...pods), ['unbound', 'pending', 'unready', 'ready']);
  });

  it('takes cheaper Pods first, and ignores a cost that is no int32', () => {
    assert.deepEqual(order(aPod('dear', { cost: '10' }), aPod('cheap', { cost: '-5' }), aPod('bad', { cost: '1e9' })), [
      'cheap',
      'bad',
      'dear',
    ]);
  });

  it('takes Pods of crowded nodes first', () => {
    assert.deepEqual(order(aPod('alone', { node: 'n2' }), aPod('a'), aPod('b')).at(-1), 'alone');
  });

  it('takes much newer Pods first, and Pods of like age by uid', () => {
    assert.deepEqual(order(aPod('b'), aPod('a', { ageMs: 3_601_000 }), aPod('new', { ageMs: 1000 })), ['new', 'a', 'b']);
  });
});
