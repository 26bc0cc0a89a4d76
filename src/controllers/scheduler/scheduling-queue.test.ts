import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/generated/core/v1.ts';
import { node as nodeKind } from '../../api/kinds/core/node.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import { FakeClock } from '../../client/fake-clock.ts';
import { podFreed } from './cluster-watch.ts';
import { action, on } from './framework/cluster-event.ts';
import type { Plugin } from './framework/plugin.ts';
import { QueueingHints, type Rejectors } from './framework/queueing-hints.ts';
import { Heap } from './heap.ts';
import { prioritySort } from './plugins/priority-sort.ts';
import { schedulingGates } from './plugins/scheduling-gates.ts';
import { type QueuedPod, SchedulingQueue } from './scheduling-queue.ts';

const aPod = (name: string, priority = 0, spec: object = {}): Pod => {
  const metadata = { name, namespace: 'default', uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  // A Pod with only the fields that the queue reads.
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { priority, containers: [], ...spec }, status: {} } as unknown as Pod;
};
const plugins: readonly Plugin[] = [
  { name: 'never', events: [on(podKind, action.delete, () => false)] },
  { name: 'always', events: [on(podKind, action.delete)] },
  { name: 'nodes', events: [on(nodeKind, action.add)] },
  { name: 'own', events: [on(podKind, action.updatePodToleration)] },
  schedulingGates,
];
const by = (...names: readonly string[]): Rejectors => ({ plugins: new Set(names), pending: new Set() });
const pending = (name: string): Rejectors => ({ plugins: new Set([name]), pending: new Set([name]) });
const gone = podFreed(aPod('gone'));

function setUp() {
  const clock = new FakeClock(0);
  const less = prioritySort.less;
  assert.ok(less);
  const hints = new QueueingHints(plugins);
  const profiles = { less, preEnqueue: gate, hintsFor: () => hints, wanted: hints.wanted.bind(hints) };
  const queue = new SchedulingQueue({ clock, profiles, available: () => undefined });
  const pop = (): QueuedPod => {
    const popped = queue.pop();
    assert.ok(popped);
    return popped;
  };
  return { clock, queue, pop, names: () => Array.from({ length: queue.length }, () => pop().pod.metadata.name) };
}

const gate = (pod: Pod) => {
  const status = schedulingGates.preEnqueue?.(pod);
  return status && { ...status, plugin: schedulingGates.name };
};

describe('SchedulingQueue', () => {
  it('pops by priority, then by age', () => {
    const { queue, names } = setUp();
    for (const [name, priority] of [
      ['a', 0],
      ['b', 5],
      ['c', 0],
      ['d', 5],
    ] as const)
      queue.add(aPod(name, priority));
    assert.deepEqual(names(), ['b', 'd', 'a', 'c']);
  });

  it('backs off 1 s, doubling to 10 s, before a Pod for which something failed is tried again', () => {
    const { clock, queue, pop } = setUp();
    queue.add(aPod('a'));
    for (const seconds of [1, 2, 4, 8, 10, 10]) {
      queue.retry(pop());
      clock.advance(seconds * 1000 - 1);
      assert.equal(queue.length, 0);
      clock.advance(1);
      assert.equal(queue.length, 1);
    }
    queue.park(pop(), by('always'));
    queue.moved(gone);
    queue.retry(pop());
    clock.advance(1000);
    assert.equal(queue.length, 1, 'a refusal between failures ends their count');
  });

  it('lets refused Pods back off 1 s, doubling to 10 s, behind active Pods', () => {
    const { clock, queue, pop, names } = setUp();
    queue.add(aPod('a', 5));
    for (const seconds of [1, 2, 4, 8, 10, 10]) {
      const taken = pop();
      queue.park(taken, by('always'));
      queue.moved(gone);
      assert.equal(taken.readyAtMs - clock.now(), seconds * 1000);
    }
    queue.add(aPod('b'));
    assert.deepEqual(names(), ['b', 'a'], 'it backs off');
    queue.add(aPod('c', 5));
    queue.park(pop(), by('always'));
    queue.moved(gone);
    queue.add(aPod('d'));
    clock.advance(1000);
    assert.deepEqual(names(), ['c', 'd'], 'the back-off has ended');
  });

  it('tries Pods that back off when there is nothing else to do', () => {
    const { queue, pop, names } = setUp();
    for (const name of ['a', 'b']) queue.add(aPod(name));
    for (const queued of [pop(), pop()]) queue.park(queued, by('always'));
    queue.moved(gone);
    assert.deepEqual([queue.length, names()], [2, ['a', 'b']]);
  });

  it('activates a Pod that waits, or that is being scheduled once it comes back', () => {
    const { queue, pop, names } = setUp();
    for (const name of ['parked', 'flying', 'failed']) queue.add(aPod(name));
    queue.park(pop(), by('never'));
    const flying = pop();
    queue.retry(pop());
    for (const name of ['parked', 'flying', 'failed', 'unknown']) queue.activate(name);
    queue.park(flying, by('never'));
    assert.deepEqual(names().toSorted(), ['failed', 'flying', 'parked']);
  });

  it('moves only Pods that a plugin which refused them says may fit now', () => {
    const { clock, queue, pop, names } = setUp();
    for (const name of ['a', 'b', 'c', 'd']) queue.add(aPod(name));
    for (const rejectors of [by('never'), by('never', 'always'), by(), by('nodes')]) queue.park(pop(), rejectors);
    clock.advance(1000);
    queue.moved(gone);
    assert.deepEqual(names(), ['b', 'c']);
    clock.advance(300_000);
    assert.deepEqual(names(), ['a', 'd']);
  });

  it('looks at what happened while a Pod was being scheduled when it comes back', () => {
    const { clock, queue, pop } = setUp();
    queue.add(aPod('early'));
    queue.add(aPod('late'));
    const early = pop();
    queue.moved(gone);
    const late = pop();
    for (const queued of [early, late]) queue.park(queued, by('always'));
    clock.advance(1000);
    assert.deepEqual([queue.length, pop().pod.metadata.name], [1, 'early'], 'only what came after it was taken counts');
  });

  it('forgets a Pod that is deleted while it is being scheduled', () => {
    const { clock, queue, pop } = setUp();
    queue.add(aPod('a'));
    const taken = pop();
    queue.delete('a');
    queue.park(taken, by('always'));
    queue.moved(gone);
    assert.deepEqual([queue.length, queue.waiting, clock.pendingTimers], [0, 0, 0]);
  });

  it('queues a Pod once, whatever it is told while the Pod is being scheduled', () => {
    const { queue, pop } = setUp();
    queue.add(aPod('a'));
    const taken = pop();
    queue.update(aPod('a'), aPod('a'));
    assert.equal(queue.length, 0);
    const tolerant = aPod('a', 0, { tolerations: [{ operator: 'Exists' }] });
    queue.update(tolerant, aPod('a'));
    queue.park(taken, by('own'));
    assert.equal(queue.length, 1);
    assert.equal(taken.pod, tolerant);
  });

  it("takes a Pod's own update for its own alone", () => {
    const { clock, queue, pop, names } = setUp();
    for (const name of ['a', 'b', 'c']) queue.add(aPod(name));
    for (const rejectors of [by('own'), by('nodes'), by('own')]) queue.park(pop(), rejectors);
    clock.advance(1000);
    for (const name of ['a', 'b']) queue.update(aPod(name, 0, { tolerations: [{ operator: 'Exists' }] }), aPod(name));
    assert.deepEqual(names(), ['a']);
  });

  it('makes a Pod that was pending active at once, without a back-off', () => {
    const { queue, pop, names } = setUp();
    queue.add(aPod('a'));
    queue.park(pop(), pending('always'));
    queue.moved(gone);
    assert.deepEqual(names(), ['a']);
  });

  it('keeps gated Pods out until an event lifts the gate', () => {
    const { clock, queue, names } = setUp();
    const gated = aPod('a', 0, { schedulingGates: [{ name: 'example.com/g' }] });
    queue.add(gated);
    queue.moved(gone);
    queue.update(aPod('a', 0, { schedulingGates: [{ name: 'example.com/g' }], tolerations: [{ operator: 'Exists' }] }), gated);
    assert.deepEqual([queue.length, queue.waiting, queue.gated, clock.pendingTimers], [0, 0, 1, 0]);
    queue.update(aPod('a'), gated);
    assert.deepEqual([names(), queue.gated], [['a'], 0]);
  });

  it('leaves no timer behind when it is empty', () => {
    const { clock, queue, pop } = setUp();
    queue.add(aPod('a'));
    queue.park(pop(), by('never'));
    queue.delete('a');
    assert.equal(clock.pendingTimers, 0);
    assert.equal(queue.waiting, 0);
  });
});

describe('Heap', () => {
  it('orders and removes by key', () => {
    const heap = new Heap<number>(String, (a, b) => a < b);
    for (let i = 0; i < 200; i++) heap.push((i * 7919) % 200);
    for (let i = 0; i < 200; i += 3) heap.delete(String(i));
    const popped: number[] = [];
    for (let next = heap.pop(); next !== undefined; next = heap.pop()) popped.push(next);
    assert.deepEqual(
      popped,
      Array.from({ length: 200 }, (_, i) => i).filter((i) => i % 3 !== 0),
    );
  });
});
