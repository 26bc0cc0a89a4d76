import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCidr } from '../ipv4.ts';
import { SourceAddresses } from './source-addresses.ts';

const sources = (): SourceAddresses => new SourceAddresses(parseCidr('10.96.0.0/30'), parseCidr('10.244.0.0/20'));
const [pod, elsewhere] = ['10.244.0.5', '192.168.1.9'];

describe('SourceAddresses', () => {
  it('leaves the choice to the kernel while ports last', () => {
    assert.equal(sources().sourceFor(pod, 0), undefined);
  });

  it('borrows the next service address each time ports run out, and begins again after the last', () => {
    const addresses = sources();
    const borrowed = [1, 2, 3].map((nowMs) => addresses.rotate(pod, nowMs) && addresses.sourceFor(pod, nowMs));
    assert.deepEqual(borrowed, ['10.96.0.1', '10.96.0.2', '10.96.0.1']);
  });

  it('goes back to the kernel’s choice once closed connections are forgotten', () => {
    const addresses = sources();
    assert.equal(addresses.rotate(pod, 1000), true);
    assert.equal(addresses.sourceFor(pod, 60_999), '10.96.0.1');
    assert.equal(addresses.sourceFor(pod, 61_000), undefined);
    assert.equal(addresses.sourceFor(pod, 61_001), undefined);
  });

  it('borrows nothing for backends that are no pods, nor without a pod range', () => {
    const addresses = sources();
    assert.equal(addresses.rotate(elsewhere, 0), false);
    assert.equal(addresses.rotate(pod, 0), true);
    assert.equal(addresses.sourceFor(elsewhere, 1), undefined);
    const without = new SourceAddresses(parseCidr('10.96.0.0/30'), undefined);
    assert.equal(without.rotate(pod, 0), false);
  });
});
