import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hostAddressesIn, nodePortListenAddresses } from './node-port-addresses.ts';
import { aConfig } from './testing.ts';

const host = ['127.0.0.1', '192.168.1.7', '10.244.0.1'];

describe('hostAddressesIn', () => {
  it('is the loopback alone unless more is asked for', () => {
    assert.deepEqual(hostAddressesIn([], host), ['127.0.0.1']);
  });

  it('adds the addresses of the host that lie in a range', () => {
    assert.deepEqual(hostAddressesIn(['192.168.0.0/16', '172.16.0.0/12'], host), ['127.0.0.1', '192.168.1.7']);
  });

  it('is all addresses for 0.0.0.0/0', () => {
    assert.deepEqual(hostAddressesIn(['0.0.0.0/0'], host), ['0.0.0.0']);
  });
});

describe('nodePortListenAddresses', () => {
  const nodes = [
    { name: 'one', ip: '10.244.0.1' },
    { name: 'two', ip: '' },
  ];

  it('are those of the host that were asked for, and of the nodes', () => {
    assert.deepEqual(nodePortListenAddresses(aConfig({ nodePortAddresses: ['127.0.0.1'], nodes })), ['127.0.0.1', '10.244.0.1']);
  });

  it('are no further ones when all are asked for', () => {
    assert.deepEqual(nodePortListenAddresses(aConfig({ nodePortAddresses: ['0.0.0.0'], nodes })), ['0.0.0.0']);
  });
});
