import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Service } from '../../api/generated/core/v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery/v1.ts';
import { deriveServiceState } from './service-state.ts';

describe('a Service', () => {
  it('is not proxied when its labels say so, whatever their values', () => {
    // Partial: the code under test reads no other fields.
    const proxied = (labels: Readonly<Record<string, string>>): boolean =>
      deriveServiceState({ metadata: { name: 'web', labels }, spec: {} } as unknown as Service, []).proxied;
    assert.equal(proxied({ app: 'web' }), true);
    assert.equal(proxied({ 'service.kubernetes.io/service-proxy-name': 'other' }), false);
    assert.equal(proxied({ 'service.kubernetes.io/headless': '' }), false);
  });

  it('has the endpoints of slices that are labelled as headless only if it is headless itself', () => {
    const slice = (ip: string, labels: Readonly<Record<string, string>>) => ({
      ...{ metadata: { name: ip, labels }, addressType: 'IPv4', ports: [{ name: '', port: 80, protocol: 'TCP' }] },
      endpoints: [{ addresses: [ip], conditions: {} }],
    });
    const slices = [slice('10.0.0.1', {}), slice('10.0.0.2', { 'service.kubernetes.io/headless': '' })] as unknown as EndpointSlice[];
    const backends = (clusterIP: string) => {
      const spec = { clusterIP, ports: [{ port: 80, protocol: 'TCP' }] };
      const { ports } = deriveServiceState({ metadata: { name: 'web' }, spec, status: {} } as unknown as Service, slices);
      return ports.flatMap((port) => port.backends.map(({ ip }) => ip));
    };
    assert.deepEqual(backends('10.96.0.7'), ['10.0.0.1']);
    assert.deepEqual(backends('None'), ['10.0.0.1', '10.0.0.2']);
  });

  it('has the zones and nodes whose clients its endpoints are meant for', () => {
    const hints = [
      undefined,
      {},
      { forZones: [], forNodes: [] },
      { forZones: [{ name: 'a' }], forNodes: [{ name: 'one' }, { name: 'two' }] },
    ];
    const slices = hints.map((each, i) => ({
      ...{ metadata: { name: `${i}` }, addressType: 'IPv4', ports: [{ name: '', port: 80, protocol: 'TCP' }] },
      endpoints: [{ addresses: [`10.0.0.${i}`], conditions: {}, ...(each === undefined ? {} : { hints: each }) }],
    })) as unknown as EndpointSlice[];
    const spec = { clusterIP: '10.96.0.7', ports: [{ port: 80, protocol: 'TCP' }] };
    const { ports } = deriveServiceState({ metadata: { name: 'web' }, spec, status: {} } as unknown as Service, slices);
    assert.deepEqual(
      ports.flatMap(({ backends }) => backends.map(({ forZones, forNodes }) => [forZones, forNodes])),
      [...Array.from({ length: 3 }, () => [undefined, undefined]), [['a'], ['one', 'two']]],
    );
  });
});
