import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { newNodes, nextIndex, nodeAddressCount, nodeName } from '../cli/nodes.ts';
import { addressesOf } from './addresses.ts';

const settings: ClusterSettings = {
  profile: 'demo',
  folder: '/nowhere',
  runtime: 'docker',
  nodes: newNodes(3),
  apiPort: 6443,
  serviceCidr: '10.96.16.0/20',
  podCidr: '10.244.15.0/20',
  clusterId: 'demo-1',
};

it('derives every address from the ranges', () => {
  const { gateway, apiServiceIp, dnsIp, nodeIp } = addressesOf(settings);
  assert.deepEqual([gateway, apiServiceIp, dnsIp], ['10.244.15.1', '10.96.16.1', '10.96.16.10']);
  assert.equal(nodeIp(0), gateway);
  assert.equal(nodeIp(255), '10.244.16.0', 'carries into the next octet');
});

it('names the first node after the profile and numbers the others', () => {
  assert.deepEqual(
    [0, 1, 2].map((index) => nodeName(settings, index)),
    ['demo', 'demo-m02', 'demo-m03'],
  );
});

it('spreads new nodes over zones, and gives an added one the next number', () => {
  const nodes = newNodes(3, ['a', 'b']);
  assert.deepEqual(
    nodes.map(({ zone }) => zone),
    ['a', 'b', 'a'],
  );
  assert.deepEqual(newNodes(1), [{ index: 0 }]);
  assert.deepEqual([nextIndex(nodes, 4), nextIndex(nodes, 3)], [3, undefined]);
  const holed = nodes.filter(({ index }) => index !== 1);
  assert.deepEqual([nextIndex(holed, 4), nextIndex(holed, 3)], [3, 1], 'the last number first, then what is free');
});

it('sets addresses aside for nodes to come', () => {
  assert.deepEqual(
    [nodeAddressCount('10.244.0.0/20', 1), nodeAddressCount('10.244.0.0/24', 2), nodeAddressCount('10.244.0.0/28', 5)],
    [64, 16, 5],
  );
});
