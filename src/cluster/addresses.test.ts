import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { addressesOf, nodeName } from './addresses.ts';

const settings: ClusterSettings = {
  profile: 'demo',
  folder: '/nowhere',
  runtime: 'docker',
  nodes: 3,
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
