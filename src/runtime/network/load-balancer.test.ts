import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { it } from 'node:test';
import { pickLoadBalancerAddress } from './load-balancer.ts';

const nobodys = { taken: () => false, own: () => false };

it('moves to the next address when a UDP port is in use at the first', async (t) => {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  assert.equal(await pickLoadBalancerAddress({ ...nobodys, ports: [{ protocol: 'UDP', port }] }), '127.0.0.2');
});

it('says that a requested address has its port in use', async (t) => {
  const server = createServer();
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await assert.rejects(pickLoadBalancerAddress({ ...nobodys, ports: [{ protocol: 'TCP', port }], requested: '127.0.0.1' }), {
    message: `port ${port} is in use by another process on this machine`,
  });
});
