import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Backend } from '../network-state.ts';
import { aBackend } from '../testing.ts';
import { Balancer, type PickOptions } from './balancer.ts';
import type { ProxyNode } from './topology.ts';

const node = { name: 'one', zone: 'a' };
const terminating = { ready: false, serving: true, terminating: true };

/** Endpoints 1, 2, …: what distinguishes each. */
const endpoints = (...changes: readonly Partial<Backend>[]): readonly Backend[] =>
  changes.map((change, i) => aBackend(`10.0.0.${i + 1}`, 80, change));
const forZones = (...zones: readonly string[]): Partial<Backend> => ({ forZones: zones });
const forBoth = (zone: string, name: string): Partial<Backend> => ({ forZones: [zone], forNodes: [name] });

/** Which endpoints get connections: '13' for the first and the third. */
function chosen(backends: readonly Backend[], options: Pick<PickOptions, 'node' | 'local'> = { node }): string {
  const balancer = new Balancer(Math.random);
  balancer.update(backends);
  const picks = backends.map(() => balancer.pick({ clientIp: '10.9.9.9', nowMs: 0, affinitySeconds: 0, ...options })?.ip.slice(-1) ?? '-');
  return [...new Set(picks)].toSorted().join('');
}

const abca = endpoints(forZones('a'), forZones('b'), forZones('c'), forZones('a'));
const hintedTwice = endpoints(forBoth('a', 'one'), forBoth('b', 'two'), forBoth('c', 'three'), forBoth('a', 'four'));

interface Case {
  readonly says: string;
  readonly backends: readonly Backend[];
  readonly node?: ProxyNode;
  readonly local?: true;
  readonly chosen: string;
}

const cases: readonly Case[] = [
  { says: 'those for the zone', backends: abca, chosen: '14' },
  {
    says: 'those for the zone among others',
    backends: endpoints(forZones('a', 'b'), forZones('b', 'c'), forZones('c', 'a')),
    chosen: '13',
  },
  { says: 'all when the node is in no zone', backends: abca, node: { name: 'one' }, chosen: '1234' },
  { says: 'all when the zone is an empty text', backends: abca, node: { name: 'one', zone: '' }, chosen: '1234' },
  { says: 'all when none is for the zone', backends: abca, node: { name: 'one', zone: 'd' }, chosen: '1234' },
  { says: 'all when one has no hint', backends: endpoints(forZones('a'), forZones('b'), {}), chosen: '123' },
  {
    says: 'no endpoint that is not ready, though it is for the zone',
    backends: endpoints(forZones('a'), forZones('b'), { ...forZones('a'), ready: false, serving: false }),
    chosen: '1',
  },
  {
    says: 'all ready ones when none of those for the zone is ready',
    backends: endpoints({ ...forZones('a'), ready: false, serving: false }, forZones('b'), forZones('c')),
    chosen: '23',
  },
  {
    says: 'those for the zone, though one that is not ready has no hint',
    backends: endpoints(forZones('a'), forZones('b'), { ready: false, serving: false }),
    chosen: '1',
  },
  {
    says: 'ready ones of other zones rather than one of the zone that terminates',
    backends: endpoints({ ...forZones('a'), ...terminating }, forZones('b')),
    chosen: '2',
  },
  {
    says: 'all that serve while terminating when none is ready',
    backends: endpoints({ ...forZones('a'), ...terminating }, { ...forZones('b'), ...terminating }),
    chosen: '12',
  },
  { says: 'the one for the node', backends: hintedTwice, chosen: '1' },
  { says: 'those for the zone when none is for the node', backends: hintedTwice, node: { name: 'none', zone: 'a' }, chosen: '14' },
  { says: 'all when none is for the node or its zone', backends: hintedTwice, node: { name: 'none', zone: 'd' }, chosen: '1234' },
  { says: 'the one for the node, in whatever zone', backends: hintedTwice, node: { name: 'two' }, chosen: '2' },
  {
    says: 'those for the zone when one has no hint of nodes',
    backends: endpoints(forBoth('a', 'one'), forZones('a'), forBoth('b', 'two')),
    chosen: '12',
  },
  { says: 'all when one has no hint at all', backends: endpoints(forBoth('a', 'one'), {}, forBoth('a', 'four')), chosen: '123' },
  {
    says: 'the one for the node where no endpoint is for zones',
    backends: endpoints({ forNodes: ['one'] }, { forNodes: ['two'] }),
    chosen: '1',
  },
  {
    says: 'those on the node under policy Local, for whatever zone or node they are',
    backends: endpoints({ ...forBoth('a', 'two'), nodeName: 'two' }, { ...forBoth('b', 'two'), nodeName: 'one' }),
    local: true,
    chosen: '2',
  },
  {
    says: 'under policy Local those on the node that serve while terminating, when it has no others',
    backends: endpoints({ ...forZones('a'), nodeName: 'two' }, { ...forZones('a'), ...terminating, nodeName: 'one' }),
    local: true,
    chosen: '2',
  },
  {
    says: 'none under policy Local when all are elsewhere',
    backends: endpoints({ ...forZones('a'), nodeName: 'two' }),
    local: true,
    chosen: '-',
  },
];

describe('hints of endpoints choose', () => {
  for (const { says, backends, node: at = node, local = false, chosen: expected } of cases) {
    it(says, () => assert.equal(chosen(backends, { node: at, local }), expected));
  }

  it('all for clients on no node that is known', () => {
    assert.equal(chosen(abca, { node: undefined }), '1234');
    assert.equal(chosen(endpoints({ nodeName: 'one' }, { nodeName: 'two' }), { node: undefined, local: true }), '12');
  });

  it('in turns of their own for each node', () => {
    const balancer = new Balancer(() => 0);
    balancer.update(endpoints(forZones('a'), forZones('a'), forZones('b')));
    const pick = (zone: string) => balancer.pick({ clientIp: '', nowMs: 0, affinitySeconds: 0, node: { name: zone, zone } })?.ip;
    const picks = ['a', 'b', 'a', 'b'].map(pick);
    assert.notEqual(picks[0], picks[2]);
  });

  it('anew when endpoints change, and keep no client where its zone has others', () => {
    const balancer = new Balancer(Math.random);
    const pick = () => balancer.pick({ clientIp: '10.9.9.9', nowMs: 0, affinitySeconds: 60, node })?.ip;
    balancer.update(endpoints(forZones('b'), forZones('c')).slice(0, 1));
    assert.equal(pick(), '10.0.0.1');
    assert.equal(balancer.hinted, true);
    balancer.update(endpoints(forZones('b'), forZones('a')));
    assert.equal(pick(), '10.0.0.2');
    balancer.update(endpoints({}, forZones('a')));
    assert.equal(balancer.hinted, false);
  });
});
