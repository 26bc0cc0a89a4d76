import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contains, formatIpv4, overlaps, parseCidr, parseIpv4 } from './ipv4.ts';
import { pickSubnets, simulatedPools } from './subnets.ts';

describe('pickSubnets', () => {
  it('starts with the ranges Kubernetes users know', () => {
    assert.deepEqual(pickSubnets({ taken: ['0.0.0.0/0', '192.0.2.0/24', '172.17.0.0/16'] }), {
      serviceCidr: '10.96.0.0/20',
      podCidr: '10.244.0.0/20',
    });
  });

  it('steps over ranges in use, single addresses among them', () => {
    assert.deepEqual(pickSubnets({ taken: ['10.96.0.0/20', '10.96.17.3/32', '10.244.0.0/19', 'fd00::/64', 'nonsense'] }), {
      serviceCidr: '10.96.32.0/20',
      podCidr: '10.244.32.0/20',
    });
  });

  it('leaves 10.0.0.0/8 to a VPN that has it, and ignores routes to everywhere', () => {
    const { serviceCidr, podCidr } = pickSubnets({ taken: ['10.0.0.0/8', '0.0.0.0/1', '128.0.0.0/1'] });
    assert.deepEqual([serviceCidr, podCidr], ['172.28.0.0/20', '172.30.0.0/20']);
  });

  it('keeps what the profile had while it is free', () => {
    const preferred = { serviceCidr: '10.96.48.0/20', podCidr: '10.244.48.0/20' };
    assert.deepEqual(pickSubnets({ taken: [], preferred }), preferred);
    assert.equal(pickSubnets({ taken: ['10.96.48.0/24'], preferred }).serviceCidr, '10.96.0.0/20');
  });

  it('gives fifty simulated clusters ranges of their own, apart from those of clusters on the host', () => {
    const taken = ['10.96.0.0/20', '10.244.0.0/20'];
    for (let i = 0; i < 50; i++) {
      const { serviceCidr, podCidr } = pickSubnets({ taken, pools: simulatedPools });
      assert.ok(serviceCidr !== undefined && podCidr !== undefined);
      taken.push(serviceCidr, podCidr);
    }
    const ranges = taken.map(parseCidr).filter((range) => range !== undefined);
    for (const [i, range] of ranges.entries()) {
      assert.ok(!ranges.slice(i + 1).some((other) => overlaps(range, other)), JSON.stringify(range));
    }
  });

  it('says which range the host has no room for', () => {
    const taken = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];
    assert.deepEqual(pickSubnets({ taken }), { serviceCidr: undefined, podCidr: undefined });
  });
});

describe('IPv4 ranges', () => {
  it('refuses what Go refuses', () => {
    for (const text of ['1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4.5', '', '::1']) assert.equal(parseIpv4(text), undefined, text);
    for (const text of ['1.2.3.4', '1.2.3.4/33', '1.2.3.4/', '1.2.3.4/8/8']) assert.equal(parseCidr(text), undefined, text);
  });

  it('handles the upper half of the address space', () => {
    const range = parseCidr('192.168.255.7/17');
    assert.ok(range);
    assert.equal(formatIpv4(range.base), '192.168.128.0');
    assert.equal(contains(range, parseIpv4('192.168.200.1') ?? 0), true);
    assert.equal(contains(range, parseIpv4('192.168.1.1') ?? 0), false);
    assert.equal(overlaps(range, { base: 0, prefix: 0 }), true);
  });
});
