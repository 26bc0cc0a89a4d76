import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node, Pod } from '../../api/generated/core/v1.ts';
import { Choices } from '../testing/choices.ts';
import type { Kin } from './affinity-terms.ts';
import type { PodCounter } from './node-info.ts';
import { SchedulerCache } from './scheduler-cache.ts';

const zone = 'topology.kubernetes.io/zone';
const counterOf = (app: string): PodCounter => ({ selects: ({ labels }: Kin) => labels.app === app });
const counters = [counterOf('a'), counterOf('b')];

/** The objects that the tests need of these types. */
const nodeOf = (name: string, labels: Record<string, string>): Node => ({ metadata: { name, labels }, spec: {}, status: {} }) as Node;
const podOf = (uid: string, labels: Record<string, string>, nodeName?: string): Pod =>
  ({ metadata: { name: uid, uid, namespace: 'default', labels }, spec: { nodeName, containers: [] }, status: {} }) as unknown as Pod;

/** The same sums, counted anew. */
function recounted(cache: SchedulerCache, counter: PodCounter): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { node, pods } of cache.nodes) {
    const domain = node?.metadata.labels?.[zone] ?? '';
    sums.set(domain, (sums.get(domain) ?? 0) + [...pods.values()].filter(({ kin }) => counter.selects(kin)).length);
  }
  return sums;
}

describe("the scheduler's cache", () => {
  it('keeps the sums of Pods by domain right, whatever happens to nodes and Pods', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const choices = new Choices(seed);
      const below = (limit: number): number => choices.below(limit);
      const cache = new SchedulerCache();
      for (let step = 0; step < 200; step++) {
        const name = `node-${below(5)}`;
        const uid = `pod-${below(20)}`;
        const pod = podOf(uid, { app: below(2) === 0 ? 'a' : 'b' }, name);
        const what = below(6);
        if (what === 0) cache.setNode(nodeOf(name, below(4) === 0 ? {} : { [zone]: `zone-${below(3)}` }));
        else if (what === 1 && below(4) === 0) cache.removeNode(name);
        else if (what === 2) cache.removePod(uid);
        else if (what === 3 && cache.nodeOf(uid) === undefined) cache.assume(cache.infoOf(pod), name);
        else if (what === 4) cache.forget(uid);
        else if (what === 5) cache.setPod(pod);
        const labelled = cache.nodes.filter(({ node }) => node?.metadata.labels?.[zone] !== undefined).length;
        assert.equal(cache.labelled(zone), labelled, `seed ${seed}, step ${step}`);
        for (const counter of counters) {
          assert.deepEqual(cache.podsByDomain(zone, counter), recounted(cache, counter), `seed ${seed}, step ${step}`);
        }
      }
    }
  });

  it('looks at each Pod once, however often the sums are asked for', () => {
    const cache = new SchedulerCache();
    for (let i = 0; i < 10; i++) cache.setNode(nodeOf(`node-${i}`, { [zone]: `zone-${i % 3}` }));
    let asked = 0;
    const counter: PodCounter = { selects: () => ++asked > 0 };
    const pods = 100;
    for (let i = 0; i < pods; i++) {
      const info = cache.infoOf(podOf(`pod-${i}`, { app: 'a' }));
      cache.podsByDomain(zone, counter);
      for (const node of cache.nodes) node.count(counter);
      cache.assume(info, `node-${i % 10}`);
      cache.setPod(podOf(`pod-${i}`, { app: 'a' }, `node-${i % 10}`));
    }
    // Once for its node and once for the domain.
    assert.equal(asked, 2 * pods);
  });
});
