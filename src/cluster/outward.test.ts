import assert from 'node:assert/strict';
import { it } from 'node:test';
import { serviceAddresses } from './outward.ts';

const services: Record<string, object> = {
  inside: { metadata: { name: 'inside' }, spec: { clusterIP: '10.96.0.9', ports: [{ port: 443 }] } },
  outside: { metadata: { name: 'outside' }, spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port: 8443 }] } },
};
// Only Services are asked for.
const reader = { get: (_resource: string, _namespace: string, name: string) => services[name] } as never;

it('reaches webhooks and APIs of a simulated cluster by external names, and never by cluster addresses', () => {
  const simulated = serviceAddresses({ runtime: 'simulated' }, reader);
  const { host, port } = simulated('default', 'outside', 8443);
  assert.deepEqual([host, port], ['localhost', 8443]);
  assert.throws(() => simulated('default', 'inside', 443), { message: 'dial tcp 10.96.0.9:443: connect: network is unreachable' });
  assert.equal(serviceAddresses({ runtime: 'docker' }, reader)('default', 'inside', 443).host, '10.96.0.9');
});
